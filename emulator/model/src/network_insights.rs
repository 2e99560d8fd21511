//! Network insights: paths between two resources, and analyses of whether packets get along them.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/reachability/what-is-reachability-analyzer.html>.

mod ends;
mod firewall;
mod trace;

use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

use jiff::Timestamp;

pub use self::trace::{Finding, Header, Hop, Obstacle, Passed};
use crate::{Context, InsightsAnalysisId, InsightsPathId, LifeSpan, Model, Phase, Tags, life_span};

/// A path to be analysed.
#[derive(Debug, Clone)]
pub struct InsightsPath {
    /// Its id.
    pub id: InsightsPathId,
    /// Where packets come from: a resource's id.
    pub source: String,
    /// Where they shall go, unless addresses say.
    pub destination: Option<String>,
    /// The source's address.
    pub source_ip: Option<Ipv4Addr>,
    /// The destination's address.
    pub destination_ip: Option<Ipv4Addr>,
    /// What is sent.
    pub protocol: Transport,
    /// The destination's port.
    pub destination_port: Option<u16>,
    /// What packets are like when they start.
    pub at_source: Option<PathFilter>,
    /// What packets are like when they arrive.
    pub at_destination: Option<PathFilter>,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    pub tags: Tags,
}

/// What is sent along a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Transport {
    /// Its name as EC2 writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

/// What packets are like at one end of a path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PathFilter {
    /// Their source.
    pub source_address: Option<Ipv4Addr>,
    /// Their source's ports.
    pub source_ports: Option<RangeInclusive<u16>>,
    /// Their destination.
    pub destination_address: Option<Ipv4Addr>,
    /// Their destination's ports.
    pub destination_ports: Option<RangeInclusive<u16>>,
}

/// What CreateNetworkInsightsPath asks for.
#[derive(Debug, Clone)]
pub struct NewInsightsPath {
    /// Where packets come from.
    pub source: String,
    /// Where they shall go.
    pub destination: Option<String>,
    /// The source's address.
    pub source_ip: Option<Ipv4Addr>,
    /// The destination's address.
    pub destination_ip: Option<Ipv4Addr>,
    /// What is sent.
    pub protocol: Transport,
    /// The destination's port.
    pub destination_port: Option<u16>,
    /// What packets are like when they start.
    pub at_source: Option<PathFilter>,
    /// What packets are like when they arrive.
    pub at_destination: Option<PathFilter>,
    /// Its tags.
    pub tags: Tags,
}

/// An analysis of a path: what was true when it was started.
#[derive(Debug, Clone)]
pub struct InsightsAnalysis {
    /// Its id.
    pub id: InsightsAnalysisId,
    /// The path.
    pub path_id: InsightsPathId,
    /// Other accounts that were named.
    pub additional_accounts: Vec<String>,
    /// Resources that had to be on the way.
    pub through: Vec<String>,
    /// Resources that must not be on the way.
    pub without: Vec<String>,
    /// When it was started.
    pub started: Timestamp,
    /// Its tags.
    pub tags: Tags,
    result: Result<Finding, String>,
    span: LifeSpan,
}

impl InsightsAnalysis {
    /// Its state as EC2 writes it.
    pub fn status(&self) -> &'static str {
        match (self.span.phase(), &self.result) {
            (Phase::Pending, _) => "running",
            (_, Ok(_)) => "succeeded",
            (_, Err(_)) => "failed",
        }
    }

    /// What it found, when it is done.
    pub fn finding(&self) -> Option<&Finding> {
        self.result.as_ref().ok().filter(|_| self.span.phase() != Phase::Pending)
    }

    /// Why it failed, when it is done.
    pub fn failure(&self) -> Option<&str> {
        let failure = self.result.as_ref().err().map(String::as_str);
        failure.filter(|_| self.span.phase() != Phase::Pending)
    }
}

/// What StartNetworkInsightsAnalysis asks for.
#[derive(Debug, Clone, Default)]
pub struct NewInsightsAnalysis {
    /// Other accounts.
    pub additional_accounts: Vec<String>,
    /// Resources that have to be on the way.
    pub through: Vec<String>,
    /// Resources that must not be on the way.
    pub without: Vec<String>,
    /// Its tags.
    pub tags: Tags,
}

/// Why an operation on network insights is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InsightsError {
    /// No such path.
    #[error("network insights path {0} does not exist")]
    PathNotFound(InsightsPathId),
    /// No such analysis.
    #[error("network insights analysis {0} does not exist")]
    AnalysisNotFound(InsightsAnalysisId),
    /// Nothing that a path can begin or end at.
    #[error("{0:?} is not a resource that paths lead to")]
    End(String),
    /// Nothing says where the path ends.
    #[error("the path has no destination")]
    NoDestination,
    /// There are analyses of it.
    #[error("network insights path {0} has analyses")]
    HasAnalyses(InsightsPathId),
}

impl Model {
    /// Makes a path. Whether its ends are there is seen when it is analysed.
    pub fn create_insights_path(
        &mut self,
        cx: &mut Context,
        new: NewInsightsPath,
    ) -> Result<InsightsPathId, InsightsError> {
        let address = new.at_source.as_ref().and_then(|filter| filter.destination_address).or(new.destination_ip);
        if new.destination.is_none() && address.is_none() {
            return Err(InsightsError::NoDestination);
        }
        if let Some(wrong) = new.destination.iter().chain([&new.source]).find(|end| !ends::is_end(end)) {
            return Err(InsightsError::End(wrong.clone()));
        }
        let id: InsightsPathId = cx.ids.next();
        let path = InsightsPath {
            id: id.clone(),
            source: new.source,
            destination: new.destination,
            source_ip: new.source_ip,
            destination_ip: new.destination_ip,
            protocol: new.protocol,
            destination_port: new.destination_port,
            at_source: new.at_source,
            at_destination: new.at_destination,
            created: cx.now,
            tags: new.tags,
        };
        self.insights_paths.insert(id.clone(), path);
        self.touch();
        Ok(id)
    }

    /// Takes a path away that has no analyses.
    pub fn delete_insights_path(&mut self, id: &InsightsPathId) -> Result<(), InsightsError> {
        if self.insights_analyses.values().any(|analysis| analysis.path_id == *id) {
            return Err(InsightsError::HasAnalyses(id.clone()));
        }
        self.insights_paths.remove(id).ok_or_else(|| InsightsError::PathNotFound(id.clone()))?;
        self.touch();
        Ok(())
    }

    /// Begins to analyse a path.
    pub fn start_insights_analysis(
        &mut self,
        cx: &mut Context,
        path_id: &InsightsPathId,
        new: NewInsightsAnalysis,
    ) -> Result<InsightsAnalysisId, InsightsError> {
        let path = self.insights_paths.get(path_id).ok_or_else(|| InsightsError::PathNotFound(path_id.clone()))?;
        let result = self.analyse(path).map(|found| self.restrict(found, &new));
        let id: InsightsAnalysisId = cx.ids.next();
        let analysis = InsightsAnalysis {
            id: id.clone(),
            path_id: path_id.clone(),
            additional_accounts: new.additional_accounts,
            through: new.through,
            without: new.without,
            started: cx.now,
            tags: new.tags,
            result,
            span: LifeSpan::begin(cx.now),
        };
        self.insights_analyses.insert(id.clone(), analysis);
        self.touch();
        Ok(id)
    }

    /// Takes an analysis away.
    pub fn delete_insights_analysis(&mut self, id: &InsightsAnalysisId) -> Result<(), InsightsError> {
        self.insights_analyses.remove(id).ok_or_else(|| InsightsError::AnalysisNotFound(id.clone()))?;
        self.touch();
        Ok(())
    }

    /// Completes analyses. Whether any was.
    pub(crate) fn advance_insights(&mut self, now: Timestamp) -> bool {
        life_span::advance((&mut self.insights_analyses, |analysis| &mut analysis.span), self.delays.other, now)
    }

    /// When an analysis is complete.
    pub(crate) fn insights_due(&self) -> Option<Timestamp> {
        let spans = self.insights_analyses.values().map(|analysis| &analysis.span);
        life_span::first_due(spans, self.delays.other)
    }
}
