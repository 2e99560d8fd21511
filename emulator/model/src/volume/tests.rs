use super::*;

#[test]
fn kinds_are_found_by_their_names() {
    for kind in VolumeKind::ALL {
        assert_eq!(VolumeKind::named(kind.as_str()), Some(kind));
    }
    assert_eq!(VolumeKind::named("gp4"), None);
}
