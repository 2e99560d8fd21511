//! Offers of addresses to other accounts.

use rstest::rstest;

use crate::testing::World;

fn offered(world: &mut World) -> usize {
    world.call("DescribeAddressTransfers", "").ok().texts("allocationId").len()
}

#[test]
fn an_offer_is_taken_back_or_ends() {
    let mut world = World::new();
    let id = world.call("AllocateAddress", "").ok().text("allocationId").to_owned();
    let offer = format!("AllocationId={id}&TransferAccountId=444455556666");
    insta::assert_snapshot!(world.call("EnableAddressTransfer", &offer).ok().lines());
    assert_eq!(offered(&mut world), 1);
    let taken_back = world.call("DisableAddressTransfer", &format!("AllocationId={id}")).ok();
    assert_eq!((taken_back.text("addressTransferStatus"), offered(&mut world)), ("disabled", 0));
    world.call("EnableAddressTransfer", &offer).ok();
    world.pass("167h");
    assert_eq!(offered(&mut world), 1);
    world.pass("1h");
    assert_eq!(offered(&mut world), 0);
    let again = world.call("DisableAddressTransfer", &format!("AllocationId={id}"));
    assert_eq!(again.code, Some("InvalidParameterValue"));
}

#[test]
fn nobody_offers_an_address_to_itself() {
    let mut world = World::new();
    let id = world.call("AllocateAddress", "").ok().text("allocationId").to_owned();
    let refused = world.call("EnableAddressTransfer", &format!("AllocationId={id}&TransferAccountId=111122223333"));
    assert_eq!(refused.code, Some("InvalidParameterValue"));
}

#[rstest]
#[case::enable(
    "EnableAddressTransfer",
    "AllocationId=eipalloc-01234567&TransferAccountId=444455556666",
    "InvalidAllocationID.NotFound"
)]
#[case::no_account("EnableAddressTransfer", "AllocationId=eipalloc-01234567", "MissingParameter")]
#[case::disable("DisableAddressTransfer", "AllocationId=eipalloc-01234567", "InvalidAllocationID.NotFound")]
#[case::accept("AcceptAddressTransfer", "Address=198.51.100.1", "InvalidAddress.NotFound")]
#[case::describe("DescribeAddressTransfers", "AllocationId.1=eipalloc-01234567", "InvalidAllocationID.NotFound")]
fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
    assert_eq!(World::new().call(action, form).code, Some(code));
}
