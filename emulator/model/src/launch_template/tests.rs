//! Launch templates without the wire.

use rstest::rstest;

use super::parameters::{as_launch, as_version, find, text};
use super::*;
use crate::testing::Account;

fn parameters(pairs: &[(&str, &str)]) -> LaunchParameters {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), LaunchParameter::text(value))).collect()
}

fn structure(pairs: &[(&str, &str)]) -> LaunchParameter {
    LaunchParameter::Structure(parameters(pairs))
}

fn new(name: &str) -> NewLaunchTemplate {
    let data = parameters(&[("InstanceType", "m5.large")]);
    NewLaunchTemplate { name: name.to_owned(), description: None, data, tags: Tags::new() }
}

#[test]
fn numbers_are_not_given_twice() {
    let mut account = Account::new();
    let id = account.with(|model, cx| model.create_launch_template(cx, new("web"))).expect("the name is free");
    let name = TemplateName::Name("web".to_owned());
    let add = |account: &mut Account| {
        let data = parameters(&[("InstanceType", "m5.xlarge")]);
        account.with(|model, cx| model.create_launch_template_version(cx, &name, None, None, data))
    };
    assert_eq!(add(&mut account), Ok((id.clone(), 2)));
    assert_eq!(account.model.delete_launch_template_version(&name, 2), Ok(()));
    assert_eq!(account.model.launch_template(&id).map(LaunchTemplate::latest_version), Some(1));
    assert_eq!(add(&mut account), Ok((id.clone(), 3)));
    assert_eq!(
        account.model.set_default_version(&name, 2),
        Err(LaunchTemplateError::VersionNotFound { id: id.clone(), version: 2 })
    );
    account.model.set_default_version(&name, 3).expect("it is there");
    assert_eq!(account.model.delete_launch_template_version(&name, 3), Err(LaunchTemplateError::DefaultVersion(3)));
    assert_eq!(account.model.delete_launch_template_version(&TemplateName::Id(id.clone()), 1), Ok(()));
    account.model.delete_launch_template(&name).expect("it is there");
    assert_eq!(account.model.delete_launch_template(&name), Err(LaunchTemplateError::NameNotFound("web".to_owned())));
}

#[rstest]
#[case::good("a-(b)./_9", true)]
#[case::short("ab", false)]
#[case::blank("a b c", false)]
#[case::long(&"a".repeat(129), false)]
fn names(#[case] name: &str, #[case] accepted: bool) {
    let mut account = Account::new();
    assert_eq!(account.with(|model, cx| model.create_launch_template(cx, new(name))).is_ok(), accepted);
}

#[test]
fn a_version_takes_parameters_over() {
    let ebs = LaunchParameters::from([
        ("DeviceName".to_owned(), LaunchParameter::text("/dev/xvda")),
        ("Ebs".to_owned(), structure(&[("SnapshotId", "snap-01234567"), ("VolumeSize", "8")])),
    ]);
    let mut source = parameters(&[("ImageId", "ami-01234567"), ("InstanceType", "m5.large")]);
    source.insert("BlockDeviceMapping".to_owned(), LaunchParameter::List(vec![LaunchParameter::Structure(ebs)]));
    let given = LaunchParameters::from([("InstanceRequirements".to_owned(), structure(&[("BareMetal", "excluded")]))]);
    let made = as_version(source, given);
    assert_eq!((text(&made, "ImageId"), text(&made, "InstanceType")), (Some("ami-01234567"), None));
    assert_eq!(text(&made, "InstanceRequirements.BareMetal"), Some("excluded"));
    let device = &find(&made, "BlockDeviceMapping").expect("taken over").entries()[0];
    assert_eq!(device.member("Ebs"), Some(&structure(&[("VolumeSize", "8")])));
}

#[test]
fn a_launch_adds_to_tags_and_devices() {
    let tags = |kind: &str, pairs: &[(&str, &str)]| {
        let tags = pairs.iter().map(|(key, value)| structure(&[("Key", key), ("Value", value)])).collect();
        LaunchParameter::Structure(LaunchParameters::from([
            ("ResourceType".to_owned(), LaunchParameter::text(kind)),
            ("Tag".to_owned(), LaunchParameter::List(tags)),
        ]))
    };
    let with = |tags: Vec<LaunchParameter>, device: LaunchParameter| {
        LaunchParameters::from([
            ("TagSpecification".to_owned(), LaunchParameter::List(tags)),
            ("BlockDeviceMapping".to_owned(), LaunchParameter::List(vec![device])),
        ])
    };
    let (a, b) = (structure(&[("DeviceName", "a")]), structure(&[("DeviceName", "b")]));
    let template = with(vec![tags("instance", &[("one", "1"), ("two", "2")])], a.clone());
    let call = with(vec![tags("instance", &[("two", "3")]), tags("volume", &[("four", "4")])], b.clone());
    let made = as_launch(template, call);
    let expected = vec![tags("instance", &[("one", "1"), ("two", "3")]), tags("volume", &[("four", "4")])];
    assert_eq!(made.get("TagSpecification"), Some(&LaunchParameter::List(expected)));
    assert_eq!(made.get("BlockDeviceMapping"), Some(&LaunchParameter::List(vec![a, b])));
}
