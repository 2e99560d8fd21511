//! The calls of `calls.txt`, and how a sequence's numbers fill them in.

use std::collections::BTreeMap;

/// Every how many ids one is of a resource that never was.
const UNKNOWN_EVERY: usize = 24;

/// A call whose parameters are to be filled in.
#[derive(Debug, Clone)]
pub struct Template {
    /// The action.
    pub action: &'static str,
    /// Its line.
    pub line: &'static str,
    parameters: Vec<Parameter>,
}

#[derive(Debug, Clone)]
struct Parameter {
    is_optional: bool,
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
enum Part {
    Text(&'static str),
    /// One of these, each made of parts itself.
    OneOf(Vec<Vec<Part>>),
    /// A number within bounds.
    Number(usize, usize),
    /// An id that starts like that.
    Id(&'static str),
}

/// The ids that a model knows, by what they start with.
pub type Known = BTreeMap<String, Vec<String>>;

/// SplitMix64: all that is asked of it is that a seed says everything.
pub struct Random(pub u64);

impl Random {
    /// A number below a bound.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }
}

/// All calls there are.
pub fn all() -> Vec<Template> {
    let lines = include_str!("calls.txt").lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(Template::read).collect()
}

impl Template {
    fn read(line: &'static str) -> Self {
        let mut words = line.split(' ');
        let action = words.next().expect("a line that is not empty");
        let parameter = |word: &'static str| {
            let rest = word.strip_prefix("{?}");
            Parameter { is_optional: rest.is_some(), parts: parts(rest.unwrap_or(word)) }
        };
        Self { action, line, parameters: words.map(parameter).collect() }
    }

    /// Whether there are resources of all kinds that it cannot do without.
    pub fn is_possible(&self, known: &Known) -> bool {
        let mandatory = self.parameters.iter().filter(|parameter| !parameter.is_optional);
        mandatory.flat_map(|parameter| &parameter.parts).all(|part| match part {
            Part::Id(kind) => known.contains_key(*kind),
            Part::Text(_) | Part::OneOf(_) | Part::Number(..) => true,
        })
    }

    /// The form of the call, without what every call has.
    pub fn form(&self, random: &mut Random, known: &Known) -> String {
        let mut form = format!("Action={}", self.action);
        for parameter in &self.parameters {
            if parameter.is_optional && random.below(3) > 0 {
                continue;
            }
            form.push('&');
            fill(&parameter.parts, random, known, &mut form);
        }
        form
    }
}

/// The parts of a text with braces.
fn parts(text: &'static str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let close = open + closing(&rest[open..]);
        parts.push(Part::Text(&rest[..open]));
        parts.push(choice(&rest[open + 1..close]));
        rest = &rest[close + 1..];
    }
    parts.push(Part::Text(rest));
    parts
}

/// Where the brace closes that a text starts with.
fn closing(text: &str) -> usize {
    let mut depth = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return at,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    panic!("a brace of {text} is not closed")
}

fn choice(inside: &'static str) -> Part {
    let alternatives = alternatives(inside);
    if alternatives.len() > 1 {
        return Part::OneOf(alternatives.into_iter().map(alternative).collect());
    }
    if let Some((low, high)) = inside.split_once("..") {
        return Part::Number(low.parse().expect("a number"), high.parse().expect("a number"));
    }
    Part::Id(inside)
}

/// An alternative is an id when it is what ids start with.
fn alternative(text: &'static str) -> Vec<Part> {
    if IDS.contains(&text) { vec![Part::Id(text)] } else { parts(text) }
}

/// What stands between the bars that are not within braces.
fn alternatives(inside: &'static str) -> Vec<&'static str> {
    let (mut found, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, byte) in inside.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            b'|' if depth == 0 => {
                found.push(&inside[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&inside[start..]);
    found
}

/// What ids start with where they are among alternatives.
const IDS: &[&str] = &["vpc", "eni", "i", "igw", "vgw", "vpce", "pcx", "nat", "tgw", "pl"];

fn fill(parts: &[Part], random: &mut Random, known: &Known, form: &mut String) {
    for part in parts {
        match part {
            Part::Text(text) => form.push_str(text),
            Part::OneOf(alternatives) => fill(&alternatives[random.below(alternatives.len())], random, known, form),
            Part::Number(low, high) => {
                let number = low + random.below(high - low + 1);
                form.push_str(&number.to_string());
            }
            Part::Id(kind) => form.push_str(&id(kind, random, known)),
        }
    }
}

fn id(kind: &str, random: &mut Random, known: &Known) -> String {
    match known.get(kind) {
        Some(ids) if random.below(UNKNOWN_EVERY) > 0 => ids[random.below(ids.len())].clone(),
        _ => unknown(kind),
    }
}

fn unknown(kind: &str) -> String {
    match kind {
        "fleet" => "fleet-01234567-89ab-cdef-0123-456789abcdef".to_owned(),
        "ipv6-block" => "2001:db8:0:1::/64".to_owned(),
        _ => format!("{kind}-0123456789abcdef0"),
    }
}
