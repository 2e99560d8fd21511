//! The images on offer, in the patterns of their owners' names.
//!
//! Deviation: names, owners and devices are as AWS has them, dates about so; ids are made from the names, and none is
//! one of AWS's. Every region offers the same.

use jiff::SignedDuration;

use super::BootMode;
use super::line::{Disk, Line, Owner, Release};
use crate::instance_type::Architecture::{self, Arm64, X86_64};

const fn aws(id: &'static str, days: i64) -> Owner {
    Owner { id, alias: Some("amazon"), used_for: SignedDuration::from_hours(24 * days) }
}

const AMAZON_LINUX: Owner = aws("137112412989", 90);
const BOTTLEROCKET: Owner = aws("092701018921", 730);
const ECS: Owner = aws("591542846629", 730);
const EKS: Owner = aws("602401143452", 730);
const WINDOWS: Owner = aws("801119661308", 90);
const CANONICAL: Owner = Owner { id: "099720109477", alias: None, used_for: SignedDuration::from_hours(24 * 730) };

const AL2023_RELEASES: &[Release] =
    &[("2023.8.20250915.0", "2025-09-15"), ("2023.9.20251020.0", "2025-10-20"), ("2023.9.20251110.1", "2025-11-10")];
const AL2_RELEASES: &[Release] = &[("2.0.20250929.2", "2025-09-29"), ("2.0.20251110.1", "2025-11-10")];
const ECS_RELEASES: &[Release] = &[("20250923", "2025-09-23"), ("20251108", "2025-11-08")];
const EKS_RELEASES: &[Release] = &[("20250920", "2025-09-20"), ("20251016", "2025-10-16"), ("20251112", "2025-11-12")];
const BOTTLEROCKET_RELEASES: &[Release] = &[("1.48.0-e0ae8f5f", "2025-09-23"), ("1.49.0-713f44ce", "2025-10-14")];
const UBUNTU_RELEASES: &[Release] = &[("20250821", "2025-08-21"), ("20251022", "2025-10-22")];
const WINDOWS_RELEASES: &[Release] = &[("2025.10.15", "2025-10-15"), ("2025.11.12", "2025-11-12")];

const AL2023_DISKS: &[Disk] = &[("/dev/xvda", 8, "gp3")];
const AL2_DISKS: &[Disk] = &[("/dev/xvda", 8, "gp2")];
const AL2_NODE_DISKS: &[Disk] = &[("/dev/xvda", 20, "gp2")];
const BOTTLEROCKET_DISKS: &[Disk] = &[("/dev/xvda", 2, "gp2"), ("/dev/xvdb", 20, "gp2")];
const ECS_DISKS: &[Disk] = &[("/dev/xvda", 30, "gp3")];
const NODE_DISKS: &[Disk] = &[("/dev/xvda", 20, "gp3")];
const UBUNTU_DISKS: &[Disk] = &[("/dev/sda1", 8, "gp3")];
const UBUNTU_OLDER_DISKS: &[Disk] = &[("/dev/sda1", 8, "gp2")];
const WINDOWS_DISKS: &[Disk] = &[("/dev/sda1", 30, "gp2")];
const WINDOWS_NODE_DISKS: &[Disk] = &[("/dev/sda1", 50, "gp2")];

/// The versions of Kubernetes that EKS has, and the containerd of each.
const KUBERNETES: &[(&str, &str)] =
    &[("1.29", "1.7"), ("1.30", "1.7"), ("1.31", "1.7"), ("1.32", "1.7"), ("1.33", "2.1"), ("1.34", "2.1")];

/// All lines of images.
pub(super) fn lines() -> Vec<Line> {
    let mut lines = Vec::new();
    for architecture in [X86_64, Arm64] {
        amazon_linux(&mut lines, architecture);
        ubuntu(&mut lines, architecture);
    }
    for (version, containerd) in KUBERNETES {
        for architecture in [X86_64, Arm64] {
            nodes(&mut lines, version, containerd, architecture);
            bottlerocket(&mut lines, version, architecture);
            ubuntu_nodes(&mut lines, version, architecture);
        }
        // Amazon Linux 2 has no nodes of later versions.
        if version < &"1.33" {
            older_nodes(&mut lines, version, containerd);
        }
    }
    windows(&mut lines);
    lines
}

fn line(owner: &'static Owner, name: String, architecture: Architecture, releases: &'static [Release]) -> Line {
    Line {
        owner,
        name,
        description: String::new(),
        architecture,
        releases,
        disks: AL2023_DISKS,
        ephemeral: 0,
        is_windows: false,
        boot_mode: Some(if architecture == Arm64 { BootMode::Uefi } else { BootMode::UefiPreferred }),
        requires_tokens: false,
        is_free: false,
        parameter: None,
    }
}

fn amazon_linux(lines: &mut Vec<Line>, arch: Architecture) {
    for (kernel, minimal) in [("6.1", false), ("6.12", false), ("6.1", true), ("6.12", true)] {
        let kind = if minimal { "-minimal" } else { "" };
        lines.push(Line {
            description: format!(
                "Amazon Linux 2023 AMI {{v}} {arch} {}HVM kernel-{kernel}",
                if minimal { "Minimal " } else { "" }
            ),
            disks: if minimal { &[("/dev/xvda", 2, "gp3")] } else { AL2023_DISKS },
            requires_tokens: true,
            is_free: true,
            parameter: Some(format!("/aws/service/ami-amazon-linux-latest/al2023-ami{kind}-kernel-{kernel}-{arch}")),
            ..line(&AMAZON_LINUX, format!("al2023-ami{kind}-{{v}}-kernel-{kernel}-{arch}"), arch, AL2023_RELEASES)
        });
    }
    lines.push(Line {
        description: format!("Amazon Linux 2 Kernel 5.10 AMI {{v}} {arch} HVM gp2"),
        disks: AL2_DISKS,
        boot_mode: (arch == Arm64).then_some(BootMode::Uefi),
        is_free: true,
        parameter: Some(format!("/aws/service/ami-amazon-linux-latest/amzn2-ami-kernel-5.10-hvm-{arch}-gp2")),
        ..line(&AMAZON_LINUX, format!("amzn2-ami-kernel-5.10-hvm-{{v}}-{arch}-gp2"), arch, AL2_RELEASES)
    });
    lines.push(Line {
        description: format!("Amazon Linux AMI 2023.0.{{v}} {arch} ECS HVM EBS"),
        disks: ECS_DISKS,
        requires_tokens: true,
        ..line(&ECS, format!("al2023-ami-ecs-hvm-2023.0.{{v}}-kernel-6.1-{arch}"), arch, ECS_RELEASES)
    });
}

fn nodes(lines: &mut Vec<Line>, version: &str, containerd: &str, arch: Architecture) {
    let variants: &[&str] = if arch == Arm64 { &["standard", "nvidia"] } else { &["standard", "nvidia", "neuron"] };
    for variant in variants {
        lines.push(Line {
            description: format!(
                "EKS-optimized Kubernetes node based on Amazon Linux 2023, (k8s: {version}, containerd: {containerd}.*)"
            ),
            disks: NODE_DISKS,
            requires_tokens: true,
            parameter: Some(format!(
                "/aws/service/eks/optimized-ami/{version}/amazon-linux-2023/{arch}/{variant}/recommended/image_id"
            )),
            ..line(&EKS, format!("amazon-eks-node-al2023-{arch}-{variant}-{version}-v{{v}}"), arch, EKS_RELEASES)
        });
    }
}

fn older_nodes(lines: &mut Vec<Line>, version: &str, containerd: &str) {
    for (name, suffix, what, arch) in [
        ("amazon-eks-node", "", "EKS Kubernetes Worker AMI with AmazonLinux2 image", X86_64),
        ("amazon-eks-gpu-node", "-gpu", "EKS Kubernetes Worker AMI with GPU support with AmazonLinux2 image", X86_64),
        ("amazon-eks-arm64-node", "-arm64", "EKS Kubernetes Worker AMI with AmazonLinux2 image", Arm64),
    ] {
        lines.push(Line {
            description: format!("{what}, (k8s: {version}, containerd: {containerd}.*)"),
            disks: AL2_NODE_DISKS,
            boot_mode: (arch == Arm64).then_some(BootMode::Uefi),
            parameter: Some(format!(
                "/aws/service/eks/optimized-ami/{version}/amazon-linux-2{suffix}/recommended/image_id"
            )),
            ..line(&EKS, format!("{name}-{version}-v{{v}}"), arch, EKS_RELEASES)
        });
    }
}

fn bottlerocket(lines: &mut Vec<Line>, version: &str, architecture: Architecture) {
    let arch = if architecture == Arm64 { "aarch64" } else { "x86_64" };
    for variant in ["", "-nvidia"] {
        let name = format!("bottlerocket-aws-k8s-{version}{variant}-{arch}-v{{v}}");
        lines.push(Line {
            description: name.clone(),
            disks: BOTTLEROCKET_DISKS,
            parameter: Some(format!(
                "/aws/service/bottlerocket/aws-k8s-{version}{variant}/{architecture}/latest/image_id"
            )),
            ..line(&BOTTLEROCKET, name, architecture, BOTTLEROCKET_RELEASES)
        });
    }
}

/// Ubuntu writes processors in its own way.
fn ubuntu_arch(architecture: Architecture) -> &'static str {
    if architecture == Arm64 { "arm64" } else { "amd64" }
}

fn ubuntu(lines: &mut Vec<Line>, architecture: Architecture) {
    let arch = ubuntu_arch(architecture);
    for (release, number, folder, disks) in
        [("jammy", "22.04", "hvm-ssd", UBUNTU_OLDER_DISKS), ("noble", "24.04", "hvm-ssd-gp3", UBUNTU_DISKS)]
    {
        lines.push(Line {
            description: format!("Canonical, Ubuntu, {number}, {arch} {release} image"),
            disks,
            ephemeral: 2,
            requires_tokens: release == "noble",
            parameter: Some(format!(
                "/aws/service/canonical/ubuntu/server/{number}/stable/current/{arch}/hvm/ebs-{}/ami-id",
                disks[0].2
            )),
            is_free: true,
            ..line(
                &CANONICAL,
                format!("ubuntu/images/{folder}/ubuntu-{release}-{number}-{arch}-server-{{v}}"),
                architecture,
                UBUNTU_RELEASES,
            )
        });
    }
}

fn ubuntu_nodes(lines: &mut Vec<Line>, version: &str, architecture: Architecture) {
    let arch = ubuntu_arch(architecture);
    // The long-term release of its time.
    let (release, number, folder) =
        if version < "1.31" { ("jammy", "22.04", "hvm-ssd") } else { ("noble", "24.04", "hvm-ssd-gp3") };
    let disks = if release == "noble" { UBUNTU_DISKS } else { UBUNTU_OLDER_DISKS };
    lines.push(Line {
        description: format!("Canonical, Ubuntu EKS Node OS (k8s_{version}), {number} LTS, {arch} {release} image"),
        disks,
        parameter: Some(format!(
            "/aws/service/canonical/ubuntu/eks/{number}/{version}/stable/current/{arch}/hvm/ebs-{}/ami-id",
            disks[0].2
        )),
        ephemeral: 2,
        ..line(
            &CANONICAL,
            format!("ubuntu-eks/k8s_{version}/images/{folder}/ubuntu-{release}-{number}-{arch}-server-{{v}}"),
            architecture,
            UBUNTU_RELEASES,
        )
    });
}

fn windows(lines: &mut Vec<Line>) {
    for year in ["2019", "2022", "2025"] {
        let boot_mode = (year == "2025").then_some(BootMode::Uefi);
        for (kind, what) in [("Full", "with Desktop Experience Locale English"), ("Core", "Core Locale English")] {
            lines.push(Line {
                description: format!("Microsoft Windows Server {year} {what} AMI provided by Amazon"),
                disks: WINDOWS_DISKS,
                is_windows: true,
                boot_mode,
                is_free: true,
                parameter: Some(format!("/aws/service/ami-windows-latest/Windows_Server-{year}-English-{kind}-Base")),
                ..line(&WINDOWS, format!("Windows_Server-{year}-English-{kind}-Base-{{v}}"), X86_64, WINDOWS_RELEASES)
            });
            if year == "2025" {
                continue;
            }
            for (version, _) in KUBERNETES {
                lines.push(Line {
                    description: format!("Microsoft Windows Server {year} {kind} EKS Optimized AMI, (k8s: {version})"),
                    disks: WINDOWS_NODE_DISKS,
                    is_windows: true,
                    boot_mode,
                    parameter: Some(format!(
                        "/aws/service/ami-windows-latest/Windows_Server-{year}-English-{kind}-EKS_Optimized-{version}/image_id"
                    )),
                    ..line(
                        &WINDOWS,
                        format!("Windows_Server-{year}-English-{kind}-EKS_Optimized-{version}-{{v}}"),
                        X86_64,
                        WINDOWS_RELEASES,
                    )
                });
            }
        }
    }
}
