//! Machine images: a small catalogue of the kind that a region offers.
//!
//! Images decide nothing here: an instance is a network namespace, whatever image it names. So RunInstances
//! takes any well-formed id, and the catalogue is for those who look an image up by its name.

use crate::instance_type::Architecture;

/// A machine image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Image {
    /// Its id. Deviation: the same in every region, and none that AWS has.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its description.
    pub description: &'static str,
    /// What it runs on.
    pub architecture: Architecture,
    /// When it was made.
    pub creation_date: &'static str,
    /// The owner's account.
    pub owner_id: &'static str,
    /// The name AWS gives to that account, if any.
    pub owner_alias: Option<&'static str>,
    /// The device the root volume is.
    pub root_device: &'static str,
}

/// The account EKS's images belong to.
const EKS: &str = "602401143452";
/// The account Amazon Linux belongs to.
const AMAZON_LINUX: &str = "137112412989";
/// The account Ubuntu's images belong to.
const CANONICAL: &str = "099720109477";
/// The account Bottlerocket's images belong to.
const BOTTLEROCKET: &str = "092701018921";

/// The catalogue in the order of its ids.
pub const IMAGES: &[Image] = &[
    Image {
        id: "ami-0a120000000000001",
        name: "al2023-ami-2023.9.20251110.1-kernel-6.1-x86_64",
        description: "Amazon Linux 2023 AMI 2023.9.20251110.1 x86_64 HVM kernel-6.1",
        architecture: Architecture::X86_64,
        creation_date: "2025-11-10T00:00:00.000Z",
        owner_id: AMAZON_LINUX,
        owner_alias: Some("amazon"),
        root_device: "/dev/xvda",
    },
    Image {
        id: "ami-0a120000000000002",
        name: "al2023-ami-2023.9.20251110.1-kernel-6.1-arm64",
        description: "Amazon Linux 2023 AMI 2023.9.20251110.1 arm64 HVM kernel-6.1",
        architecture: Architecture::Arm64,
        creation_date: "2025-11-10T00:00:00.000Z",
        owner_id: AMAZON_LINUX,
        owner_alias: Some("amazon"),
        root_device: "/dev/xvda",
    },
    Image {
        id: "ami-0b077000000000001",
        name: "bottlerocket-aws-k8s-1.34-x86_64-v1.49.0-713f44ce",
        description: "bottlerocket-aws-k8s-1.34-x86_64-v1.49.0-713f44ce",
        architecture: Architecture::X86_64,
        creation_date: "2025-10-14T00:00:00.000Z",
        owner_id: BOTTLEROCKET,
        owner_alias: Some("amazon"),
        root_device: "/dev/xvda",
    },
    Image {
        id: "ami-0c0de000000000001",
        name: "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20251022",
        description: "Canonical, Ubuntu, 24.04, amd64 noble image",
        architecture: Architecture::X86_64,
        creation_date: "2025-10-22T00:00:00.000Z",
        owner_id: CANONICAL,
        owner_alias: None,
        root_device: "/dev/sda1",
    },
    Image {
        id: "ami-0e450000000000001",
        name: "amazon-eks-node-al2023-x86_64-standard-1.34-v20251112",
        description: "EKS-optimized Kubernetes node based on Amazon Linux 2023, (k8s: 1.34, containerd: 2.1.*)",
        architecture: Architecture::X86_64,
        creation_date: "2025-11-12T00:00:00.000Z",
        owner_id: EKS,
        owner_alias: Some("amazon"),
        root_device: "/dev/xvda",
    },
    Image {
        id: "ami-0e450000000000002",
        name: "amazon-eks-node-al2023-arm64-standard-1.34-v20251112",
        description: "EKS-optimized Kubernetes node based on Amazon Linux 2023, (k8s: 1.34, containerd: 2.1.*)",
        architecture: Architecture::Arm64,
        creation_date: "2025-11-12T00:00:00.000Z",
        owner_id: EKS,
        owner_alias: Some("amazon"),
        root_device: "/dev/xvda",
    },
];

/// The image of an id, if the catalogue has it.
pub fn find(id: &str) -> Option<&'static Image> {
    IMAGES.iter().find(|image| image.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ImageId;

    #[test]
    fn ids_are_well_formed_and_sorted() {
        assert!(IMAGES.iter().all(|image| image.id.parse::<ImageId>().is_ok()));
        assert!(IMAGES.windows(2).all(|pair| pair[0].id < pair[1].id));
    }
}
