//! What actions share that do something to one resource, named by its id alone, and show it afterwards.

use std::fmt;

use jiff::Timestamp;
use vpc_model::{Context, Model, TransitGatewayError};

use crate::ApiError;
use crate::operations::describe::{Describable, Single, created};
use crate::operations::{Operation, Output};
use crate::query::{Query, Value};

/// A resource that replies show by itself.
pub(super) trait Shown: Sized + 'static {
    /// Its id.
    type Id: Value + fmt::Debug;
    /// What is shown of it.
    type Item: Output;

    /// One of them in an element.
    fn shown(name: &'static str, model: &Model, now: Timestamp, id: &Self::Id) -> Result<Single<Self::Item>, ApiError>;
}

impl<R: Describable> Shown for R {
    type Id = R::Id;
    type Item = R::Item;

    fn shown(name: &'static str, model: &Model, now: Timestamp, id: &Self::Id) -> Result<Single<Self::Item>, ApiError> {
        created::<R>(name, model, now, id)
    }
}

/// The id of an action's resource.
type Id<A> = <<A as OneAction>::Resource as Shown>::Id;

/// How the model does an action.
pub(super) type Run<A> = fn(&mut Model, &mut Context<'_>, &Id<A>) -> Result<(), TransitGatewayError>;

/// An action on one resource.
pub(super) trait OneAction: fmt::Debug + Sized + 'static {
    /// What it is done to.
    type Resource: Shown;

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
    type Output = Single<<A::Resource as Shown>::Item>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.required(A::ID).map(Self)
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        (A::RUN)(model, cx, &self.0)?;
        A::Resource::shown(A::SHOWN, model, cx.now, &self.0)
    }
}

/// Declares the actions that are done to one attachment of a kind, shown in an element.
macro_rules! on_attachment {
    ($resource:ident $shown:ident; $($name:ident $run:ident;)*) => {$(
        #[derive(Debug)]
        pub(super) enum $name {}

        impl $crate::operations::transit_gateway::one::OneAction for $name {
            type Resource = $resource;

            const ACTION: &'static str = stringify!($name);
            const ID: &'static str = "TransitGatewayAttachmentId";
            const SHOWN: &'static str = $shown;
            const RUN: $crate::operations::transit_gateway::one::Run<Self> = Model::$run;
        }
    )*};
}
pub(super) use on_attachment;
