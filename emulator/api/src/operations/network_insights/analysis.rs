//! StartNetworkInsightsAnalysis, DeleteNetworkInsightsAnalysis, DescribeNetworkInsightsAnalyses.

use std::ops::RangeInclusive;

use jiff::Timestamp;
use vpc_model::{
    Context, InsightsAnalysis, InsightsAnalysisId, InsightsError, InsightsPathId, Model, NewInsightsAnalysis,
};

use super::{arn, component};
use crate::filter::{Fields, Filters};
use crate::operations::describe::{Describable, Single, created};
use crate::operations::{Operation, Output, ReadOperation};
use crate::pagination::PageRequest;
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, tag_specification};

impl Describable for InsightsAnalysis {
    type Id = InsightsAnalysisId;
    type Item = AnalysisItem;

    const ACTION: &'static str = "DescribeNetworkInsightsAnalyses";
    const IDS: &'static str = "NetworkInsightsAnalysisId";
    const SET: &'static str = "networkInsightsAnalysisSet";
    const MAX_RESULTS: RangeInclusive<u32> = 1..=100;
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("path-found", |_, analysis| {
                analysis.finding().map(|finding| finding.is_found().to_string()).into_iter().collect()
            }),
            ("status", |_, analysis| vec![analysis.status().to_owned()]),
        ],
        tags: Some(|analysis| &analysis.tags),
    };

    fn id(&self) -> &InsightsAnalysisId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &InsightsAnalysisId) -> Option<&'a Self> {
        model.insights_analysis(id)
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.insights_analyses().collect()
    }

    fn missing(id: &InsightsAnalysisId) -> ApiError {
        InsightsError::AnalysisNotFound(id.clone()).into()
    }

    fn item(&self, model: &Model, _: Timestamp) -> AnalysisItem {
        AnalysisItem(Xml::fragment(|xml| write_analysis(xml, model, self)))
    }
}

/// An analysis as replies show it, written already.
#[derive(Debug)]
pub(crate) struct AnalysisItem(Vec<u8>);

impl Output for AnalysisItem {
    fn write(&self, xml: &mut Xml) {
        xml.raw(&self.0);
    }
}

fn write_analysis(xml: &mut Xml, model: &Model, analysis: &InsightsAnalysis) {
    xml.text("networkInsightsAnalysisId", &analysis.id);
    xml.text("networkInsightsAnalysisArn", arn(model, "network-insights-analysis", analysis.id.as_str()));
    xml.text("networkInsightsPathId", &analysis.path_id);
    xml.texts("additionalAccountSet", &analysis.additional_accounts);
    xml.texts("filterInArnSet", &analysis.through);
    xml.texts("filterOutArnSet", &analysis.without);
    xml.timestamp("startDate", analysis.started);
    xml.text("status", analysis.status());
    xml.optional("statusMessage", analysis.failure());
    if let Some(finding) = analysis.finding() {
        xml.text("networkPathFound", finding.is_found());
        xml.list("forwardPathComponentSet", finding.hops.iter().enumerate(), |xml, (at, hop)| {
            xml.text("sequenceNumber", at + 1);
            component::write_hop(xml, model, hop);
        });
        xml.list("explanationSet", &finding.obstacles, |xml, obstacle| {
            component::write_obstacle(xml, model, obstacle);
        });
    }
    xml.tags(&analysis.tags);
}

#[derive(Debug)]
pub(super) struct StartNetworkInsightsAnalysis {
    path_id: InsightsPathId,
    new: NewInsightsAnalysis,
}

impl Operation for StartNetworkInsightsAnalysis {
    const ACTION: &'static str = "StartNetworkInsightsAnalysis";
    const CLIENT_TOKEN: bool = true;
    type Output = Single<AnalysisItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let new = NewInsightsAnalysis {
            additional_accounts: query.list("AdditionalAccount")?,
            through: query.list("FilterInArn")?,
            without: query.list("FilterOutArn")?,
            tags: tag_specification::decode_one(query, &["network-insights-analysis"])?,
        };
        Ok(Self { path_id: query.required("NetworkInsightsPathId")?, new })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.start_insights_analysis(cx, &self.path_id, self.new)?;
        created::<InsightsAnalysis>("networkInsightsAnalysis", model, cx.now, &id)
    }
}

#[derive(Debug)]
pub(super) struct DeleteNetworkInsightsAnalysis {
    id: InsightsAnalysisId,
}

impl Operation for DeleteNetworkInsightsAnalysis {
    const ACTION: &'static str = "DeleteNetworkInsightsAnalysis";
    type Output = DeletedAnalysis;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("NetworkInsightsAnalysisId")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.delete_insights_analysis(&self.id)?;
        Ok(DeletedAnalysis(self.id))
    }
}

#[derive(Debug)]
pub(super) struct DeletedAnalysis(InsightsAnalysisId);

impl Output for DeletedAnalysis {
    fn write(&self, xml: &mut Xml) {
        xml.text("networkInsightsAnalysisId", &self.0);
    }
}

/// Describes analyses by their ids, or those of a path, started within a span.
#[derive(Debug)]
pub(super) struct DescribeNetworkInsightsAnalyses {
    ids: Vec<InsightsAnalysisId>,
    path_id: Option<InsightsPathId>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    filters: Filters,
    page: PageRequest,
}

impl ReadOperation for DescribeNetworkInsightsAnalyses {
    const ACTION: &'static str = InsightsAnalysis::ACTION;
    type Output = Analyses;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self {
            ids: query.list(InsightsAnalysis::IDS)?,
            path_id: query.optional("NetworkInsightsPathId")?,
            from: query.optional("AnalysisStartTime")?,
            until: query.optional("AnalysisEndTime")?,
            filters: Filters::decode(query)?,
            page: PageRequest::decode(query, InsightsAnalysis::MAX_RESULTS)?,
        })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        if let Some(id) = self.path_id.as_ref().filter(|id| model.insights_path(id).is_none()) {
            return Err(InsightsError::PathNotFound(id.clone()).into());
        }
        if let Some(id) = self.ids.iter().find(|id| model.insights_analysis(id).is_none()) {
            return Err(InsightsAnalysis::missing(id));
        }
        let asked = model.insights_analyses().filter(|analysis| {
            (self.ids.is_empty() || self.ids.contains(&analysis.id))
                && self.path_id.as_ref().is_none_or(|path| *path == analysis.path_id)
                && self.from.is_none_or(|from| analysis.started >= from)
                && self.until.is_none_or(|until| analysis.started <= until)
        });
        let found = self.filters.select(&InsightsAnalysis::FIELDS, model, asked)?;
        let page = self.page.page(found, |analysis| analysis.id.to_string());
        Ok(Analyses(Xml::fragment(|xml| {
            xml.list(InsightsAnalysis::SET, page.items, |xml, analysis| write_analysis(xml, model, analysis));
            xml.optional("nextToken", page.next_token);
        })))
    }
}

#[derive(Debug)]
pub(super) struct Analyses(Vec<u8>);

impl Output for Analyses {
    fn write(&self, xml: &mut Xml) {
        xml.raw(&self.0);
    }
}
