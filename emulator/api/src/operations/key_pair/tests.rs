use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rstest::rstest;

use super::openssh::PublicKey;
use crate::testing::World;

/// Made by `ssh-keygen -t rsa`; the fingerprint is what OpenSSL's MD5 of its DER form gives.
const RSA: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCoYpAI0Nabznfl3fYsroOjCfqO9BGFL4b5t7THLliWm4PctEVrzuJg+Sbdc7GjF4U1RquBkVfw19+RH+oS5CDlayMGZxJqyuoRfj2gBwo5tva95roxSiStly4dyNZxYunjZiGXa411+Pm+DeHozmq0qOW7ml8M52CpoKOyV2zDQZeHxGqQzE+iJt3vquyd1g2ClRX1X13BvNSCctX/ayjUSWE6DHLx1cbS0ogIPWMO6XnbQi6scF7quDZz+FaD0OEVSOGdKEQON4LOBDURQW4CMntjz7sGeUghGzONeeKB9cHaDYwH1qD39KOhoVDiktMmGJgX69N4EXt5zCCLdanZ me";
/// Made by `ssh-keygen -t ed25519`; the fingerprint is what `ssh-keygen -l` shows.
const ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKF3NJFvWCb8W79u9HYWCFdu9gGi50HQ5BuN59aWBxDQ me";

#[rstest]
#[case::rsa(RSA, Some("a8:fa:18:66:3f:59:dc:da:30:09:44:3f:05:8e:6b:24"))]
#[case::ed25519(ED25519, Some("AIXNiSIPuzTf7T6LM6qNVhFULFC+5+n7pWsMRWS3mDY="))]
#[case::other_kind_inside(&ED25519.replace("ssh-ed25519", "ssh-rsa"), None)]
#[case::cut(&ED25519[..60], None)]
#[case::not_a_key("hello", None)]
fn fingerprints(#[case] text: &str, #[case] expected: Option<&str>) {
    assert_eq!(PublicKey::parse(text.as_bytes()).map(|key| key.fingerprint).as_deref(), expected);
}

fn import(world: &mut World, name: &str, key: &str) -> crate::testing::Reply {
    let material = STANDARD.encode(key).replace('+', "%2B").replace('=', "%3D");
    world.call("ImportKeyPair", &format!("KeyName={name}&PublicKeyMaterial={material}"))
}

#[test]
fn a_life() {
    let mut world = World::new();
    let created = world.call(
        "CreateKeyPair",
        "KeyName=me&TagSpecification.1.ResourceType=key-pair&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b",
    );
    let created = created.ok();
    let private = created.text("keyMaterial");
    assert!(private.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA"), "{private}");
    insta::assert_snapshot!(created.lines().replace(private, "(private key)"));
    insta::assert_snapshot!(world.call("DescribeKeyPairs", "IncludePublicKey=true").ok().lines());
    assert_eq!(world.call("CreateKeyPair", "KeyName=me").code, Some("InvalidKeyPair.Duplicate"));
    assert_eq!(world.call("DeleteKeyPair", "KeyName=me").ok().texts("keyPairId").len(), 1);
    assert_eq!(world.call("DeleteKeyPair", "KeyName=me").ok().texts("keyPairId").len(), 0);
    assert_eq!(world.call("DescribeKeyPairs", "KeyName.1=me").code, Some("InvalidKeyPair.NotFound"));
}

#[test]
fn keys_for_putty() {
    let made = World::new().call("CreateKeyPair", "KeyName=me&KeyType=ed25519&KeyFormat=ppk").ok();
    let lines: Vec<&str> = made.text("keyMaterial").lines().collect();
    let heads = ["PuTTY-User-Key-File-2: ssh-ed25519", "Encryption: none", "Comment: me", "Public-Lines: 2"];
    assert_eq!(lines[..4], heads);
    assert_eq!((lines[6], lines[8].len()), ("Private-Lines: 1", "Private-MAC: ".len() + 40));
    assert_eq!(World::new().call("CreateKeyPair", "KeyName=me&KeyFormat=txt").code, Some("InvalidParameterValue"));
}

#[test]
fn imported() {
    let mut world = World::new();
    import(&mut world, "rsa", RSA).ok();
    import(&mut world, "ed", ED25519).ok();
    let form = "Filter.1.Name=key-name&Filter.1.Value.1=r*";
    assert_eq!(world.call("DescribeKeyPairs", form).ok().texts("keyType"), ["rsa"]);
    assert_eq!(import(&mut world, "other", "no key").code, Some("InvalidKey.Format"));
}

#[test]
fn rsa_keys_are_not_made() {
    assert_eq!(World::new().call("CreateKeyPair", "KeyName=me&KeyType=rsa").code, Some("UnsupportedOperation"));
}
