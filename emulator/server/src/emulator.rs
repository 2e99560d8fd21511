//! Starting and stopping.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use linux_net::Netns;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vpc_model::{InstanceId, Model, VpcId};

use crate::board::{Applied, FailedOp};
use crate::faults::config::InvalidFault;
use crate::imds::Endpoint;
use crate::journal::JournalError;
use crate::net::{PeerAddress, PromptListener};
use crate::shared::OpenError;
use crate::{Config, Shared, admin, clock, endpoint, reconcile, vpc_services};

/// How long requests under way may take when the emulator stops.
const GRACE: Duration = Duration::from_secs(2);

/// A running emulator. Dropping it stops its tasks; [`Emulator::shutdown`] also waits for them.
#[derive(Debug)]
pub struct Emulator {
    endpoint: SocketAddr,
    metadata_ipv6: Option<SocketAddr>,
    shared: Arc<Shared>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// Why an emulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// EC2's endpoint has to stay on this machine: nothing verifies who calls.
    #[error("listen address {0} is not on loopback")]
    NotLoopback(SocketAddr),
    /// The address cannot be bound.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// There is no thread for the reconciler.
    #[error("cannot start the reconciler")]
    Reconciler(#[source] std::io::Error),
    /// The journal cannot be used.
    #[error("cannot rebuild the account from its journal")]
    Journal(#[from] JournalError),
    /// The faults cannot be.
    #[error("the faults cannot be put in force")]
    Fault(#[from] InvalidFault),
    /// The trail's file cannot be written.
    #[error("cannot write the trail")]
    Trail(#[source] std::io::Error),
}

impl From<OpenError> for StartError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Journal(error) => error.into(),
            OpenError::Fault(error) => error.into(),
            OpenError::Trail(error) => Self::Trail(error),
        }
    }
}

/// Why the kernel does not show the model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("after {deadline:?} the kernel shows generation {applied} of {generation}{}", failures(failed, closed))]
pub struct NotConverged {
    /// How long was waited.
    pub deadline: Duration,
    /// The model's generation.
    pub generation: u64,
    /// The generation the kernel shows.
    pub applied: u64,
    /// What did not work in the last pass.
    pub failed: Vec<FailedOp>,
    /// VPCs whose services are not all open.
    pub closed: Vec<VpcId>,
}

impl Emulator {
    /// Starts an emulator: the endpoint accepts connections when this returns.
    ///
    /// # Errors
    /// The listen address is not on loopback or cannot be bound, or the journal cannot be used.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let (listener, endpoint) = listen(config.listen).await?;
        let metadata = match config.metadata_ipv6 {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let metadata_ipv6 = metadata.as_ref().map(|(_, address)| *address);
        let shared = Arc::new(Shared::open(config)?);
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let emulator = Self { endpoint, metadata_ipv6, shared, stop, tasks };
        let shared = &emulator.shared;
        emulator.serve(listener, endpoint::router(Arc::clone(shared)).merge(admin::router(Arc::clone(shared))));
        if let Some((listener, _)) = metadata {
            emulator.serve(listener, admin::metadata::router(Arc::clone(shared), Endpoint::Ipv6));
        }
        emulator.tasks.spawn(clock::run(Arc::clone(&emulator.shared), emulator.stop.clone()));
        if emulator.shared.config().fabric {
            emulator.tasks.spawn(vpc_services::run(Arc::clone(&emulator.shared), emulator.stop.clone()));
            reconcile::start(Arc::clone(&emulator.shared), &emulator.stop, &emulator.tasks)
                .map_err(StartError::Reconciler)?;
        }
        emulator.tasks.close();
        Ok(emulator)
    }

    fn serve(&self, listener: TcpListener, router: Router) {
        let service = router.into_make_service_with_connect_info::<PeerAddress>();
        let stopped = self.stop.clone().cancelled_owned();
        self.tasks
            .spawn(async move { axum::serve(PromptListener(listener), service).with_graceful_shutdown(stopped).await });
    }

    /// Where EC2 and STS answer.
    pub fn endpoint(&self) -> SocketAddr {
        self.endpoint
    }

    /// Where instances' metadata is as at the service's IPv6 endpoint, if that is wanted.
    pub fn metadata_ipv6(&self) -> Option<SocketAddr> {
        self.metadata_ipv6
    }

    /// The state, for tasks in this process.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The namespace of an instance, once it is made.
    pub fn instance_netns(&self, id: &InstanceId) -> Option<Netns> {
        self.shared.board().instance(id)
    }

    /// The namespace of a VPC's fabric, once it is made.
    pub fn vpc_netns(&self, id: &VpcId) -> Option<Netns> {
        self.shared.board().vpc(id)
    }

    /// Waits until the kernel shows the model, nothing that the kernel completed is still to be shown, and
    /// the services inside VPCs are open.
    ///
    /// # Errors
    /// That takes longer than `deadline`, or an operation on the kernel fails again and again.
    pub async fn converged(&self, deadline: Duration) -> Result<(), NotConverged> {
        if !self.shared.config().fabric {
            return Ok(());
        }
        let board = self.shared.board();
        let (mut applied, mut serving) = (board.watch(), board.serving());
        let converged = async {
            while !self.is_shown(&applied.borrow_and_update(), &serving.borrow_and_update()) {
                // Neither sender goes while the emulator is here.
                let _ =
                    tokio::select! { changed = applied.changed() => changed, changed = serving.changed() => changed };
            }
        };
        if timeout(deadline, converged).await.is_ok() {
            return Ok(());
        }
        let applied = board.watch().borrow().clone();
        let generation = self.shared.read(Model::generation);
        let serving = board.serving().borrow().clone();
        let closed = applied.vpcs.into_keys().filter(|vpc| !serving.contains(vpc)).collect();
        Err(NotConverged { deadline, generation, applied: applied.generation, failed: applied.failed, closed })
    }

    fn is_shown(&self, applied: &Applied, serving: &BTreeSet<VpcId>) -> bool {
        applied.failed.is_empty()
            && applied.generation >= self.shared.read(Model::generation)
            && applied.vpcs.keys().all(|vpc| serving.contains(vpc))
    }

    /// Stops every task and waits for it, but not for long.
    pub async fn shutdown(self) {
        self.stop.cancel();
        if timeout(GRACE, self.tasks.wait()).await.is_err() {
            tracing::warn!("requests under way were left behind");
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A socket on loopback, and its address.
async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    if !address.ip().is_loopback() {
        return Err(StartError::NotLoopback(address));
    }
    let failed = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

fn failures(failed: &[FailedOp], closed: &[VpcId]) -> String {
    let failed = failed.iter().map(|failed| format!("; {}: {}", failed.op, failed.error));
    failed.chain(closed.iter().map(|vpc| format!("; services of {vpc} are not open"))).collect()
}
