//! Launch parameters as a template keeps them: by the names RunInstances has for them, as they were given.
//!
//! A template may hold what cannot be launched, and holds parameters that have no consequence; so they stay
//! names and texts here, and become typed when something is launched.

use std::collections::BTreeMap;

/// Launch parameters, or the members of a structure, by their names.
pub type LaunchParameters = BTreeMap<String, LaunchParameter>;

/// A launch parameter's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LaunchParameter {
    /// A text, number, switch or time.
    Text(String),
    /// A structure.
    Structure(LaunchParameters),
    /// A list.
    List(Vec<LaunchParameter>),
}

impl LaunchParameter {
    /// A text, number, switch or time.
    pub fn text(value: impl ToString) -> Self {
        Self::Text(value.to_string())
    }

    /// The text, where it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Structure(_) | Self::List(_) => None,
        }
    }

    /// A member of a structure.
    pub fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Structure(members) => members.get(name),
            Self::Text(_) | Self::List(_) => None,
        }
    }

    /// The entries of a list.
    pub fn entries(&self) -> &[Self] {
        match self {
            Self::List(entries) => entries,
            Self::Text(_) | Self::Structure(_) => &[],
        }
    }
}

/// A parameter, or a member of one, by a path such as `MetadataOptions.HttpTokens`.
pub fn find<'a>(parameters: &'a LaunchParameters, path: &str) -> Option<&'a LaunchParameter> {
    let mut names = path.split('.');
    let first = parameters.get(names.next()?)?;
    names.try_fold(first, |found, name| found.member(name))
}

/// The same where it is a text.
pub fn text<'a>(parameters: &'a LaunchParameters, path: &str) -> Option<&'a str> {
    find(parameters, path)?.as_text()
}

/// Parameters of which one takes the place of the other.
const ALTERNATIVES: &[[&str; 2]] = &[["SecurityGroupId", "SecurityGroup"], ["InstanceType", "InstanceRequirements"]];

/// A new version's parameters: another version's, and those that were given instead of some of them.
pub fn as_version(mut source: LaunchParameters, given: LaunchParameters) -> LaunchParameters {
    // Snapshots are not taken over.
    if let Some(LaunchParameter::List(devices)) = source.get_mut("BlockDeviceMapping") {
        for device in devices {
            if let LaunchParameter::Structure(device) = device
                && let Some(LaunchParameter::Structure(ebs)) = device.get_mut("Ebs")
            {
                ebs.remove("SnapshotId");
            }
        }
    }
    replace(&mut source, &given);
    source.extend(given);
    source
}

/// The parameters of a launch: a template's, and those that the call names instead of some of them. Tags are
/// put together key by key, and block devices by their names.
pub fn as_launch(template: LaunchParameters, mut given: LaunchParameters) -> LaunchParameters {
    let mut all = template;
    replace(&mut all, &given);
    for (list, key) in [("TagSpecification", "ResourceType"), ("BlockDeviceMapping", "DeviceName")] {
        let Some(LaunchParameter::List(over)) = given.remove(list) else { continue };
        let Some(LaunchParameter::List(entries)) = all.get_mut(list) else {
            all.insert(list.to_owned(), LaunchParameter::List(over));
            continue;
        };
        for entry in over {
            match entries.iter_mut().find(|known| known.member(key) == entry.member(key)) {
                Some(known) if list == "TagSpecification" => add_tags(known, &entry),
                Some(known) => *known = entry,
                None => entries.push(entry),
            }
        }
    }
    all.extend(given);
    all
}

/// Takes out what is given otherwise.
fn replace(parameters: &mut LaunchParameters, given: &LaunchParameters) {
    for [one, other] in ALTERNATIVES {
        if given.contains_key(*one) || given.contains_key(*other) {
            parameters.remove(*one);
            parameters.remove(*other);
        }
    }
}

/// Adds the tags of one specification to another's; what comes later holds.
fn add_tags(known: &mut LaunchParameter, over: &LaunchParameter) {
    let LaunchParameter::Structure(members) = known else { return };
    let tags = members.entry("Tag".to_owned()).or_insert_with(|| LaunchParameter::List(Vec::new()));
    let LaunchParameter::List(tags) = tags else { return };
    let new = over.member("Tag").map_or(&[][..], LaunchParameter::entries);
    tags.retain(|tag| !new.iter().any(|other| other.member("Key") == tag.member("Key")));
    tags.extend(new.iter().cloned());
}
