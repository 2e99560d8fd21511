//! What actions share that do something to one resource, named by its id alone, and show it afterwards.

use std::fmt;

use vpc_model::{Context, Model, TransitGatewayError};

use crate::ApiError;
use crate::operations::Operation;
use crate::operations::describe::{Describable, Single, created};
use crate::query::Query;

/// The id of an action's resource.
type Id<A> = <<A as OneAction>::Resource as Describable>::Id;

/// How the model does an action.
pub(super) type Run<A> = fn(&mut Model, &mut Context<'_>, &Id<A>) -> Result<(), TransitGatewayError>;

/// An action on one resource.
pub(super) trait OneAction: fmt::Debug + Sized + 'static {
    /// What it is done to.
    type Resource: Describable;

    /// Its name.
    const ACTION: &'static str;
    /// The parameter with the id.
    const ID: &'static str;
    /// The element around the resource.
    const SHOWN: &'static str;
    /// How the model does it.
    const RUN: Run<Self>;
}

/// A call of such an action.
#[derive(Debug)]
pub(super) struct OnOne<A: OneAction>(Id<A>);

impl<A: OneAction> Operation for OnOne<A> {
    const ACTION: &'static str = A::ACTION;
    type Output = Single<<A::Resource as Describable>::Item>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.required(A::ID).map(Self)
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        (A::RUN)(model, cx, &self.0)?;
        created::<A::Resource>(A::SHOWN, model, cx.now, &self.0)
    }
}
