//! What an account chooses for a whole region: encryption of volumes, the serial console, sharing with everybody,
//! and credits.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-data-protection.html>.

use jiff::Timestamp;
use vpc_model::{AccountId, AccountSettings, Context, Credits, Model, PublicSnapshots, Region};

use super::{Action, Operation, Output, ReadOperation, read, write};
use crate::ApiError;
use crate::query::{Query, values};
use crate::xml::Xml;

pub(crate) const ACTIONS: &[Action] = &[
    read::<GetEbsEncryptionByDefault>(),
    write::<EnableEbsEncryptionByDefault>(),
    write::<DisableEbsEncryptionByDefault>(),
    read::<GetEbsDefaultKmsKeyId>(),
    write::<ModifyEbsDefaultKmsKeyId>(),
    write::<ResetEbsDefaultKmsKeyId>(),
    read::<GetSerialConsoleAccessStatus>(),
    write::<EnableSerialConsoleAccess>(),
    write::<DisableSerialConsoleAccess>(),
    read::<GetImageBlockPublicAccessState>(),
    write::<EnableImageBlockPublicAccess>(),
    write::<DisableImageBlockPublicAccess>(),
    read::<GetSnapshotBlockPublicAccessState>(),
    write::<EnableSnapshotBlockPublicAccess>(),
    write::<DisableSnapshotBlockPublicAccess>(),
    read::<GetAllowedImagesSettings>(),
    read::<GetDefaultCreditSpecification>(),
    write::<ModifyDefaultCreditSpecification>(),
];

/// The key that EBS makes for an account.
const EBS_KEY: &str = "alias/aws/ebs";

/// A setting as replies show it.
#[derive(Debug)]
struct Shown {
    settings: AccountSettings,
    write: fn(&AccountSettings, &mut Xml),
}

impl Output for Shown {
    fn write(&self, xml: &mut Xml) {
        (self.write)(&self.settings, xml);
    }
}

/// Actions that show a setting: `GetSomething: how it is written`.
macro_rules! shown {
    ($($action:ident: $write:expr;)*) => {$(
        #[derive(Debug)]
        struct $action;

        impl ReadOperation for $action {
            const ACTION: &'static str = stringify!($action);
            type Output = Shown;

            fn decode(_: &mut Query) -> Result<Self, ApiError> {
                Ok(Self)
            }

            fn run(self, model: &Model, _: Timestamp) -> Result<Shown, ApiError> {
                Ok(Shown { settings: model.account_settings().clone(), write: $write })
            }
        }
    )*};
}

/// Actions that change a setting: `EnableSomething(what it takes): what it sets, how that is written`.
macro_rules! changed {
    ($($action:ident($given:ty: $take:expr): $change:expr, $write:expr;)*) => {$(
        #[derive(Debug)]
        struct $action($given);

        impl Operation for $action {
            const ACTION: &'static str = stringify!($action);
            type Output = Shown;

            fn decode(query: &mut Query) -> Result<Self, ApiError> {
                let take: fn(&mut Query) -> Result<$given, ApiError> = $take;
                take(query).map(Self)
            }

            fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Shown, ApiError> {
                let change: fn(&mut AccountSettings, $given, &AccountId, &Region) = $change;
                let (account, region) = (model.account().clone(), model.region().clone());
                model.change_account_settings(|settings| change(settings, self.0, &account, &region));
                Ok(Shown { settings: model.account_settings().clone(), write: $write })
            }
        }
    )*};
}

shown! {
    GetEbsEncryptionByDefault: write_encryption;
    GetEbsDefaultKmsKeyId: write_key;
    GetSerialConsoleAccessStatus: |settings, xml| {
        write_console(settings, xml);
        write_manager(xml);
    };
    GetImageBlockPublicAccessState: |settings, xml| {
        write_images(settings, xml);
        write_manager(xml);
    };
    GetSnapshotBlockPublicAccessState: |settings, xml| {
        write_snapshots(settings, xml);
        write_manager(xml);
    };
    GetAllowedImagesSettings: |_, xml| {
        xml.text("state", "disabled");
        xml.list("imageCriterionSet", [(); 0], |_, ()| ());
        write_manager(xml);
    };
}

changed! {
    EnableEbsEncryptionByDefault((): |_| Ok(())): |settings, (), _, _| settings.encrypts_volumes = true, write_encryption;
    DisableEbsEncryptionByDefault((): |_| Ok(())): |settings, (), _, _| settings.encrypts_volumes = false, write_encryption;
    ModifyEbsDefaultKmsKeyId(String: |query| query.required("KmsKeyId")):
        |settings, key, account, region| settings.volume_key = Some(key_arn(&key, account, region)), write_key;
    ResetEbsDefaultKmsKeyId((): |_| Ok(())): |settings, (), _, _| settings.volume_key = None, write_key;
    EnableSerialConsoleAccess((): |_| Ok(())): |settings, (), _, _| settings.has_serial_console = true, write_console;
    DisableSerialConsoleAccess((): |_| Ok(())): |settings, (), _, _| settings.has_serial_console = false, write_console;
    EnableImageBlockPublicAccess(NoPublicImages: |query| query.required("ImageBlockPublicAccessState")):
        |settings, _, _, _| settings.blocks_public_images = true, write_images;
    DisableImageBlockPublicAccess((): |_| Ok(())): |settings, (), _, _| settings.blocks_public_images = false, write_images;
    EnableSnapshotBlockPublicAccess(Blocked: |query| query.required("State")):
        |settings, blocked, _, _| settings.public_snapshots = blocked.0, write_snapshots;
    DisableSnapshotBlockPublicAccess((): |_| Ok(())):
        |settings, (), _, _| settings.public_snapshots = PublicSnapshots::Allowed, write_snapshots;
}

/// The only way to stop sharing images.
#[derive(Debug)]
struct NoPublicImages;

/// How snapshots' sharing is stopped.
#[derive(Debug)]
struct Blocked(PublicSnapshots);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    T2,
    T3,
    T3a,
    T4g,
    T8i,
    T9g,
}

impl Family {
    const fn as_str(self) -> &'static str {
        match self {
            Self::T2 => "t2",
            Self::T3 => "t3",
            Self::T3a => "t3a",
            Self::T4g => "t4g",
            Self::T8i => "t8i",
            Self::T9g => "t9g",
        }
    }
}

values! {
    Family { T2 "t2", T3 "t3", T3a "t3a", T4g "t4g", T8i "t8i", T9g "t9g" }
    Credits { Standard "standard", Unlimited "unlimited" }
}

impl crate::query::Value for NoPublicImages {
    fn from_text(name: &str, text: String) -> Result<Self, ApiError> {
        match text.as_str() {
            "block-new-sharing" => Ok(Self),
            _ => Err(ApiError::invalid(name, &text, "Expected one of: block-new-sharing")),
        }
    }
}

impl crate::query::Value for Blocked {
    fn from_text(name: &str, text: String) -> Result<Self, ApiError> {
        match text.as_str() {
            "block-all-sharing" => Ok(Self(PublicSnapshots::None)),
            "block-new-sharing" => Ok(Self(PublicSnapshots::NoNewOnes)),
            _ => Err(ApiError::invalid(name, &text, "Expected one of: block-all-sharing block-new-sharing")),
        }
    }
}

/// A key's ARN, whether it was named by that, by its id or by an alias.
fn key_arn(key: &str, account: &AccountId, region: &Region) -> String {
    match key {
        arn if arn.starts_with("arn:") => arn.to_owned(),
        alias if alias.starts_with("alias/") => format!("arn:aws:kms:{region}:{account}:{alias}"),
        id => format!("arn:aws:kms:{region}:{account}:key/{id}"),
    }
}

/// Nobody manages the settings for the account.
fn write_manager(xml: &mut Xml) {
    xml.text("managedBy", "account");
}

fn write_encryption(settings: &AccountSettings, xml: &mut Xml) {
    xml.text("ebsEncryptionByDefault", settings.encrypts_volumes);
}

fn write_key(settings: &AccountSettings, xml: &mut Xml) {
    xml.text("kmsKeyId", settings.volume_key.as_deref().unwrap_or(EBS_KEY));
}

fn write_console(settings: &AccountSettings, xml: &mut Xml) {
    xml.text("serialConsoleAccessEnabled", settings.has_serial_console);
}

fn write_images(settings: &AccountSettings, xml: &mut Xml) {
    let state = if settings.blocks_public_images { "block-new-sharing" } else { "unblocked" };
    xml.text("imageBlockPublicAccessState", state);
}

fn write_snapshots(settings: &AccountSettings, xml: &mut Xml) {
    let state = match settings.public_snapshots {
        PublicSnapshots::Allowed => "unblocked",
        PublicSnapshots::NoNewOnes => "block-new-sharing",
        PublicSnapshots::None => "block-all-sharing",
    };
    xml.text("state", state);
}

/// How new instances of a family pay when their credits are used up.
#[derive(Debug)]
struct GetDefaultCreditSpecification(Family);

impl ReadOperation for GetDefaultCreditSpecification {
    const ACTION: &'static str = "GetDefaultCreditSpecification";
    type Output = DefaultCredits;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.required("InstanceFamily").map(Self)
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<DefaultCredits, ApiError> {
        Ok(DefaultCredits::of(self.0, model))
    }
}

#[derive(Debug)]
struct ModifyDefaultCreditSpecification {
    family: Family,
    credits: Credits,
}

impl Operation for ModifyDefaultCreditSpecification {
    const ACTION: &'static str = "ModifyDefaultCreditSpecification";
    type Output = DefaultCredits;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { family: query.required("InstanceFamily")?, credits: query.required("CpuCredits")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<DefaultCredits, ApiError> {
        model.change_account_settings(|settings| {
            settings.credits.insert(self.family.as_str().to_owned(), self.credits);
        });
        Ok(DefaultCredits::of(self.family, model))
    }
}

#[derive(Debug)]
struct DefaultCredits {
    family: Family,
    credits: Credits,
}

impl DefaultCredits {
    fn of(family: Family, model: &Model) -> Self {
        Self { family, credits: model.account_settings().credits_of(family.as_str()) }
    }
}

impl Output for DefaultCredits {
    fn write(&self, xml: &mut Xml) {
        xml.element("instanceFamilyCreditSpecification", |xml| {
            xml.text("instanceFamily", self.family.as_str());
            xml.text("cpuCredits", self.credits.as_str());
        });
    }
}

#[cfg(test)]
mod tests;
