use super::*;

fn size(min: u32, max: u32, desired: u32) -> GroupSize {
    GroupSize { min, max, desired }
}

#[test]
fn sizes() {
    let of = |min, max, desired| size(min, max, desired).check();
    assert_eq!(of(1, 3, 1), Ok(()));
    assert_eq!(of(0, 0, 0), Ok(()));
    assert_eq!(of(3, 1, 2), Err(AutoScalingError::Bounds { min: 3, max: 1 }));
    assert_eq!(of(1, 3, 4), Err(AutoScalingError::Desired(size(1, 3, 4))));
    assert_eq!(of(1, 3, 0), Err(AutoScalingError::Desired(size(1, 3, 0))));
}
