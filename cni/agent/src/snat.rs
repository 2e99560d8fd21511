//! Off-VPC traffic of pods: marked so that it leaves by the primary ENI, and rewritten to the node's address.
//!
//! One nf_tables table, replaced whole when the VPC's networks change. Addresses are rewritten for a connection's first
//! packet only, so a change concerns new connections.

use std::net::Ipv4Addr;

use ipnet::{IpNet, Ipv4Net};
use linux_net::Netns;
use nft_ruleset::{
    Base, Chain, ChainKind, Family, Field, Hook, Op, Policy, Rule, Statement, Table, Value, Verdict, encode,
};

/// The table's name: everything of ours is called so.
const TABLE: &str = "vpcbox";
const EXEMPT: &str = "mark-off-vpc";

/// What the table depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snat {
    /// The primary ENI's link.
    pub primary_link: String,
    /// The node's address.
    pub node_address: Ipv4Addr,
    /// Networks that are reached as they are: the VPC's and the excluded ones.
    pub exempt: Vec<Ipv4Net>,
    /// How host ends' names begin.
    pub veth_prefix: String,
    /// The mark.
    pub mark: u32,
    /// Whether the node rewrites addresses at all.
    pub enabled: bool,
    /// Whether ports are picked at random.
    pub random: bool,
    /// Whether connections to node ports are marked.
    pub node_ports: bool,
}

/// Why the table could not be put in place.
#[derive(Debug, thiserror::Error)]
pub enum SnatError {
    /// It cannot be encoded.
    #[error("table for SNAT cannot be encoded")]
    Encode(#[from] nft_ruleset::Error),
    /// The kernel refused.
    #[error("table for SNAT cannot be applied")]
    Apply(#[from] linux_net::Error),
}

impl Snat {
    /// Puts the table in place of whatever it was, in one step.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn apply(&self, netns: &Netns) -> Result<(), SnatError> {
        let batch = encode::replace_table(&self.table())?;
        Ok(linux_net::nft::apply(netns, &batch)?)
    }

    /// The table.
    pub fn table(&self) -> Table {
        let mut chains = vec![self.restore()];
        if self.enabled {
            chains.extend([self.exempt_chain(), self.mark_chain(), self.rewrite()]);
        }
        Table { family: Family::Ip, name: TABLE.to_owned(), sets: Vec::new(), chains }
    }

    /// Gives packets of a known connection its mark.
    fn restore(&self) -> Chain {
        let mut rules = Vec::new();
        if self.node_ports {
            let statements = vec![
                equal(Field::InputInterface, Value::Interface(self.primary_link.clone())),
                equal(Field::FibDestinationType, Value::LocalAddress),
                self.mark_connection(),
            ];
            rules.push(rule(statements, "connections to node ports belong to the primary ENI"));
        }
        for prefix in [format!("{}*", self.veth_prefix), "vlan*".to_owned()] {
            let statements = vec![
                equal(Field::InputInterface, Value::Interface(prefix)),
                Statement::RestoreMark { mask: self.mark },
            ];
            rules.push(rule(statements, ""));
        }
        base_chain("restore-mark", ChainKind::Filter, Hook::Prerouting, -150, rules)
    }

    /// Marks connections of pods that leave the VPC.
    fn mark_chain(&self) -> Chain {
        let pods = Value::Interface(format!("{}*", self.veth_prefix));
        let rules = vec![
            rule(vec![equal(Field::FibDestinationType, Value::LocalAddress), Statement::Verdict(Verdict::Return)], ""),
            rule(vec![equal(Field::InputInterface, pods), Statement::Verdict(Verdict::Jump(EXEMPT.to_owned()))], ""),
            rule(vec![Statement::RestoreMark { mask: self.mark }], ""),
        ];
        base_chain("mark-connections", ChainKind::Nat, Hook::Prerouting, -90, rules)
    }

    fn exempt_chain(&self) -> Chain {
        let mut rules = self.exempt_rules();
        rules.push(rule(vec![self.mark_connection()], ""));
        Chain { name: EXEMPT.to_owned(), base: None, rules }
    }

    fn rewrite(&self) -> Chain {
        let mut rules = self.exempt_rules();
        let branch = Value::Interface("vlan*".to_owned());
        rules.push(rule(
            vec![equal(Field::OutputInterface, branch), Statement::Verdict(Verdict::Return)],
            "branch ENIs keep their addresses",
        ));
        rules.push(rule(
            vec![equal(Field::FibDestinationType, Value::LocalAddress), Statement::Verdict(Verdict::Return)],
            "",
        ));
        let rewrite = Statement::SourceNat { address: self.node_address, fully_random: self.random };
        rules.push(rule(vec![rewrite], ""));
        base_chain("rewrite-source", ChainKind::Nat, Hook::Postrouting, 100, rules)
    }

    fn exempt_rules(&self) -> Vec<Rule> {
        let exempt = |cidr: &Ipv4Net| {
            let network = Value::Network(IpNet::V4(*cidr));
            rule(vec![equal(Field::Ip4Destination, network), Statement::Verdict(Verdict::Return)], "")
        };
        self.exempt.iter().map(exempt).collect()
    }

    fn mark_connection(&self) -> Statement {
        Statement::SetConnectionMark { value: self.mark, mask: self.mark }
    }
}

fn equal(field: Field, value: Value) -> Statement {
    Statement::Match { field, op: Op::Equal, value }
}

fn rule(statements: Vec<Statement>, comment: &str) -> Rule {
    Rule { statements, comment: (!comment.is_empty()).then(|| comment.to_owned()) }
}

fn base_chain(name: &str, kind: ChainKind, hook: Hook, priority: i32, rules: Vec<Rule>) -> Chain {
    Chain { name: name.to_owned(), base: Some(Base { kind, hook, priority, policy: Policy::Accept }), rules }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snat() -> Snat {
        Snat {
            primary_link: "eth0".to_owned(),
            node_address: Ipv4Addr::new(10, 0, 1, 10),
            exempt: vec!["10.0.0.0/16".parse().unwrap(), "192.168.0.0/16".parse().unwrap()],
            veth_prefix: "eni".to_owned(),
            mark: 0x80,
            enabled: true,
            random: true,
            node_ports: true,
        }
    }

    #[test]
    fn off_vpc_traffic_is_marked_and_rewritten() {
        insta::assert_snapshot!(snat().table().to_text());
    }

    #[test]
    fn external_snat_leaves_node_ports_only() {
        let table = Snat { enabled: false, ..snat() }.table();
        assert_eq!(table.chains.iter().map(|chain| chain.name.as_str()).collect::<Vec<_>>(), ["restore-mark"]);
    }
}
