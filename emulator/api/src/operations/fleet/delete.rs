//! DeleteFleets.

use vpc_model::fleet::FleetKind;
use vpc_model::{Context, FleetId, Model};

use crate::operations::{Operation, Output};
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, Code};

/// How many fleets a call can delete.
const MAX_DELETED: usize = 100;

/// Each fleet that cannot be deleted is told; the call as such succeeds.
#[derive(Debug)]
pub(super) struct DeleteFleets {
    ids: Vec<String>,
    with_instances: bool,
}

impl Operation for DeleteFleets {
    const ACTION: &'static str = "DeleteFleets";
    type Output = Deleted;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let ids: Vec<String> = query.required_list("FleetId")?;
        if ids.len() > MAX_DELETED {
            let message = format!("A request can delete at most {MAX_DELETED} fleets");
            return Err(ApiError::new(Code::INVALID_PARAMETER_VALUE, message));
        }
        Ok(Self { ids, with_instances: query.required("TerminateInstances")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Deleted, ApiError> {
        let mut deleted = Deleted { done: Vec::new(), failed: Vec::new() };
        for text in self.ids {
            match self::delete(model, cx, &text, self.with_instances) {
                Ok((before, after)) => deleted.done.push((text, before, after)),
                Err((code, message)) => deleted.failed.push((text, code, message)),
            }
        }
        Ok(deleted)
    }
}

/// Deletes a fleet, or gives the code and text of why not.
fn delete(
    model: &mut Model,
    cx: &Context<'_>,
    text: &str,
    with_instances: bool,
) -> Result<(&'static str, &'static str), (&'static str, String)> {
    let id: FleetId = text.parse().map_err(|_| ("fleetIdMalformed", format!("The fleet ID '{text}' is malformed")))?;
    let missing = || ("fleetIdDoesNotExist", format!("The fleet ID '{id}' does not exist"));
    let fleet = model.fleet(&id).ok_or_else(missing)?;
    if fleet.is_deleted() {
        return Err(("fleetNotInDeletableState", format!("The fleet '{id}' is not in a deletable state")));
    }
    if fleet.kind == FleetKind::OneTime && !with_instances {
        let message = "A deleted instant fleet with running instances is not supported";
        return Err(("unexpectedError", message.to_owned()));
    }
    model.delete_fleet(cx.now, &id, with_instances).ok_or_else(missing)
}

#[derive(Debug)]
pub(super) struct Deleted {
    done: Vec<(String, &'static str, &'static str)>,
    failed: Vec<(String, &'static str, String)>,
}

impl Output for Deleted {
    fn write(&self, xml: &mut Xml) {
        xml.list("successfulFleetDeletionSet", &self.done, |xml, (id, before, after)| {
            xml.text("currentFleetState", after);
            xml.text("previousFleetState", before);
            xml.text("fleetId", id);
        });
        xml.list("unsuccessfulFleetDeletionSet", &self.failed, |xml, (id, code, message)| {
            xml.element("error", |xml| {
                xml.text("code", code);
                xml.text("message", message);
            });
            xml.text("fleetId", id);
        });
    }
}
