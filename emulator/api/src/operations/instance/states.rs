//! StartInstances, StopInstances, RebootInstances, TerminateInstances.

use jiff::Timestamp;
use vpc_model::instance::StateChange;
use vpc_model::{Context, InstanceError, InstanceId, Model};

use super::item;
use crate::ApiError;
use crate::operations::{Done, Operation, Output};
use crate::query::Query;
use crate::xml::Xml;

/// What the calls answer that change states.
#[derive(Debug)]
pub(super) struct Changes(Vec<StateChange>);

impl Output for Changes {
    fn write(&self, xml: &mut Xml) {
        xml.list("instancesSet", &self.0, |xml, change| {
            xml.text("instanceId", &change.id);
            item::write_state(xml, "currentState", change.current);
            item::write_state(xml, "previousState", change.previous);
        });
    }
}

/// A method of the model that changes instances' states.
type Change = fn(&mut Model, Timestamp, &[InstanceId]) -> Result<Vec<StateChange>, InstanceError>;

macro_rules! changes {
    ($($(#[$doc:meta])* $action:ident $change:expr, ignoring $ignored:expr, refusing $refused:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub(super) struct $action {
            ids: Vec<InstanceId>,
        }

        impl Operation for $action {
            const ACTION: &'static str = stringify!($action);
            type Output = Changes;

            fn decode(query: &mut Query) -> Result<Self, ApiError> {
                let (ignored, refused): (&[&str], &[&str]) = (&$ignored, &$refused);
                for name in ignored {
                    query.ignore(name);
                }
                for name in refused {
                    query.refuse_flag(name)?;
                }
                Ok(Self { ids: query.required_list("InstanceId")? })
            }

            fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Changes, ApiError> {
                let change: Change = $change;
                Ok(Changes(change(model, cx.now, &self.ids)?))
            }
        }
    )*};
}

changes! {
    /// Begins to start stopped instances.
    StartInstances Model::start_instances, ignoring ["AdditionalInfo"], refusing [];
    /// Begins to stop running instances. There is no operating system that force would make a difference to.
    StopInstances Model::stop_instances, ignoring ["Force", "SkipOsShutdown"], refusing ["Hibernate"];
    /// Begins to terminate instances.
    TerminateInstances Model::terminate_instances, ignoring ["Force", "SkipOsShutdown"], refusing [];
}

#[derive(Debug)]
pub(super) struct RebootInstances {
    ids: Vec<InstanceId>,
}

impl Operation for RebootInstances {
    const ACTION: &'static str = "RebootInstances";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { ids: query.required_list("InstanceId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Done, ApiError> {
        model.reboot_instances(cx.now, &self.ids)?;
        Ok(Done)
    }
}
