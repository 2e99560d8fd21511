//! Just enough of Rust's lexical structure: what is code, what is comment or text.

use rstest::rstest;

/// A source file in which comments and the contents of literals are blanked, byte by byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// Blanks whatever is not code.
    pub fn of(source: &str) -> Self {
        let bytes = source.as_bytes();
        let mut code = String::with_capacity(source.len());
        let mut at = 0;
        while at < bytes.len() {
            let length = blank_at(source, at);
            if length == 0 {
                code.push(if bytes[at].is_ascii() { char::from(bytes[at]) } else { ' ' });
                at += 1;
            } else {
                let blanked = source.as_bytes()[at..at + length].iter();
                code.extend(blanked.map(|byte| if *byte == b'\n' { '\n' } else { ' ' }));
                at += length;
            }
        }
        Self(code)
    }

    /// The text, blanks included.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Its words.
    pub fn identifiers(&self) -> impl Iterator<Item = String> {
        let words = self.0.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        words.filter(|word| !word.is_empty()).map(str::to_owned)
    }

    /// Blanks each item that is compiled for tests only.
    pub fn without_tests(&self) -> Self {
        let mut text = self.0.clone();
        while let Some(start) = text.find("#[cfg(test)]") {
            let end = start + item_length(&text[start..]);
            let blank: String = text[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
            text.replace_range(start..end, &blank);
        }
        Self(text)
    }
}

/// How many bytes from here on are a comment or a literal; 0 if none starts here.
fn blank_at(source: &str, at: usize) -> usize {
    let rest = &source.as_bytes()[at..];
    match rest {
        [b'/', b'/', ..] => rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => block_comment(rest),
        [b'r' | b'b' | b'c', ..] if !follows_word(source, at) => prefixed(rest),
        [b'"', ..] => quoted(rest),
        [b'\'', b'\\', ..] => 2 + end_of(&rest[2..], b'\'', 1),
        [b'\'', ..] => character(&source[at..]),
        _ => 0,
    }
}

fn follows_word(source: &str, at: usize) -> bool {
    at > 0 && matches!(source.as_bytes()[at - 1], b'_' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9')
}

/// A literal with a prefix such as `br#"…"#`, `b"…"` or `b'…'`.
fn prefixed(rest: &[u8]) -> usize {
    let letters = rest.iter().take(2).take_while(|byte| matches!(byte, b'r' | b'b' | b'c')).count();
    let hashes = rest[letters..].iter().take_while(|byte| **byte == b'#').count();
    match rest.get(letters + hashes) {
        Some(b'"') if rest[..letters].contains(&b'r') => {
            let end = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
            let body = letters + hashes + 1;
            let length = rest[body..].windows(end.len()).position(|it| it == end);
            length.map_or(rest.len(), |length| body + length + end.len())
        }
        Some(b'"') if hashes == 0 => letters + quoted(&rest[letters..]),
        Some(b'\'') if hashes == 0 && letters == 1 && rest[0] == b'b' => {
            let escaped = usize::from(rest.get(2) == Some(&b'\\'));
            2 + escaped + end_of(&rest[2 + escaped..], b'\'', 1)
        }
        _ => 0,
    }
}

fn quoted(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// `'x'` is a character, `'x` a lifetime.
fn character(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(2);
    match chars.next() {
        Some((at, '\'')) => at + 1,
        _ => 0,
    }
}

/// The length up to and with the next such byte, looking from `skip` on.
fn end_of(rest: &[u8], end: u8, skip: usize) -> usize {
    rest.iter().skip(skip).position(|byte| *byte == end).map_or(rest.len(), |at| at + skip + 1)
}

fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match &rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// How long the item at the start is, with its attributes: to its `;` or its closing brace.
fn item_length(text: &str) -> usize {
    let mut depth = 0_i32;
    for (at, c) in text.char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return at;
        }
        if depth == 0 && matches!(c, ';' | '}' | ',') {
            return at + 1;
        }
    }
    text.len()
}

#[rstest]
#[case::code("let a = 1;", "let a = 1;")]
#[case::comment("a // b\nc", "a     \nc")]
#[case::comments_nest("a /* b /* c */ d */ e", "a                   e")]
#[case::string(r#"a "b\"c" d"#, "a        d")]
#[case::raw_string(r###"a r#"b"c"# d"###, "a          d")]
#[case::byte_string(r#"a b"b" d"#, "a      d")]
#[case::slashes_in_strings("f(\"//\") // x", "f(    )     ")]
#[case::characters(r"a '\'' '\\' 'x' d", "a               d")]
#[case::byte_character("a b'x' b'\\'' d", "a            d")]
#[case::lifetimes("fn a<'a>(b: &'a str)", "fn a<'a>(b: &'a str)")]
#[case::raw_identifier("r#type", "r#type")]
#[case::word_that_ends_in_r("for\"x\"", "for   ")]
fn blanks(#[case] source: &str, #[case] expected: &str) {
    assert_eq!(Code::of(source).text(), expected);
}

#[rstest]
#[case::module("a\n#[cfg(test)]\nmod tests { fn b() { } }\nc", "a c")]
#[case::declaration("#[cfg(test)]\nmod tests;\nc", "c")]
#[case::with_more_attributes("#[cfg(test)]\n#[path(x)]\nmod tests;\nc", "c")]
#[case::function("#[cfg(test)]\npub fn a(b: [u8; 4]) -> u8 { c }\nd", "d")]
fn tests_are_cut(#[case] source: &str, #[case] expected: &str) {
    let code = Code::of(source).without_tests();
    assert_eq!(code.text().split_whitespace().collect::<Vec<_>>().join(" "), expected);
}
