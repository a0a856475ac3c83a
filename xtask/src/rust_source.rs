//! As much of Rust's grammar as the checks need: where strings and comments are, where functions begin and
//! end, which lines are tests. It never fails; on text that is not Rust it gives its best answer.

/// A Rust file split into code, comments and string literals, with line numbers kept.
pub struct RustSource {
    /// The text with comments and the contents of strings turned into spaces.
    pub code: String,
    /// The text with everything but comments turned into spaces.
    pub comments: String,
    pub strings: Vec<StringLiteral>,
}

pub struct StringLiteral {
    /// 1-based line of the opening quote.
    pub line: usize,
    pub text: String,
}

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    /// 1-based, inclusive: the line with `fn` and the line of the closing brace.
    pub first_line: usize,
    pub last_line: usize,
}

impl RustSource {
    pub fn parse(text: &str) -> Self {
        Scanner::new(text).scan()
    }

    /// Functions with a body, in order of their first line.
    pub fn functions(&self) -> Vec<Function> {
        let chars: Vec<char> = self.code.chars().collect();
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(start) = next_word(&chars, at, "fn") {
            at = start + 2;
            let name: String =
                chars[at..].iter().skip_while(|c| c.is_whitespace()).take_while(|c| is_word(**c)).collect();
            if name.is_empty() {
                continue; // a function pointer type: `fn(u8) -> u8`
            }
            if let Some(open) = body_start(&chars, at) {
                let close = matching_brace(&chars, open);
                found.push(Function { name, first_line: line_of(&chars, start), last_line: line_of(&chars, close) });
            }
        }
        found
    }

    /// For each line (index 0 = line 1): is it inside an item marked `#[cfg(test)]`?
    pub fn test_lines(&self) -> Vec<bool> {
        let chars: Vec<char> = self.code.chars().collect();
        let mut marked = vec![false; self.code.lines().count()];
        let marker: Vec<char> = "#[cfg(test)]".chars().collect();
        let mut at = 0;
        while at + marker.len() <= chars.len() {
            if chars[at..at + marker.len()] != marker[..] {
                at += 1;
                continue;
            }
            let end = match body_start(&chars, at + marker.len()) {
                Some(open) => matching_brace(&chars, open),
                None => at + marker.len(), // `mod tests;`: the other file counts for itself
            };
            let (first, last) = (line_of(&chars, at), line_of(&chars, end));
            marked.iter_mut().take(last).skip(first - 1).for_each(|line| *line = true);
            at = end.max(at + marker.len());
        }
        marked
    }
}

pub fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Does `text` hold `word` with no letter, digit or underscore touching either end?
pub fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

fn next_word(chars: &[char], from: usize, word: &str) -> Option<usize> {
    let word: Vec<char> = word.chars().collect();
    (from..chars.len().saturating_sub(word.len())).find(|&at| {
        chars[at..at + word.len()] == word[..]
            && (at == 0 || !is_word(chars[at - 1]))
            && !is_word(chars[at + word.len()])
    })
}

/// The `{` that opens the item begun at `from`, or none if a `;` ends it first.
fn body_start(chars: &[char], from: usize) -> Option<usize> {
    let mut nested = 0_usize;
    for (at, c) in chars.iter().enumerate().skip(from) {
        match c {
            '(' | '[' => nested += 1,
            ')' | ']' => nested = nested.saturating_sub(1),
            '{' if nested == 0 => return Some(at),
            ';' if nested == 0 => return None,
            _ => {}
        }
    }
    None
}

fn matching_brace(chars: &[char], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, c) in chars.iter().enumerate().skip(open) {
        match c {
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    chars.len().saturating_sub(1)
}

fn line_of(chars: &[char], at: usize) -> usize {
    1 + chars[..at].iter().filter(|c| **c == '\n').count()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Code,
    Comment,
    Quoted,
}

struct Scanner {
    chars: Vec<char>,
    at: usize,
    line: usize,
    code: String,
    comments: String,
    strings: Vec<StringLiteral>,
}

impl Scanner {
    fn new(text: &str) -> Self {
        Self {
            chars: text.chars().collect(),
            at: 0,
            line: 1,
            code: String::with_capacity(text.len()),
            comments: String::new(),
            strings: Vec::new(),
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    /// Moves one character on, writing it to the half it belongs to and a space to the other.
    fn take(&mut self, part: Part) -> Option<char> {
        let c = self.peek(0)?;
        self.at += 1;
        if c == '\n' {
            self.line += 1;
            self.code.push('\n');
            self.comments.push('\n');
        } else {
            self.code.push(if part == Part::Code { c } else { ' ' });
            self.comments.push(if part == Part::Comment { c } else { ' ' });
        }
        Some(c)
    }

    fn scan(mut self) -> RustSource {
        while let Some(c) = self.peek(0) {
            let inside_word = self.at > 0 && is_word(self.chars[self.at - 1]);
            match c {
                '/' if self.peek(1) == Some('/') => self.line_comment(),
                '/' if self.peek(1) == Some('*') => self.block_comment(),
                '"' => self.string(),
                '\'' => self.character_or_lifetime(),
                'r' | 'b' | 'c' if !inside_word && self.raw_hashes().is_some() => self.raw_string(),
                _ => drop(self.take(Part::Code)),
            }
        }
        RustSource { code: self.code, comments: self.comments, strings: self.strings }
    }

    fn line_comment(&mut self) {
        while self.peek(0).is_some_and(|c| c != '\n') {
            self.take(Part::Comment);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        loop {
            let step = match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => 1,
                (Some('*'), Some('/')) => -1,
                (None, _) => return,
                _ => 0,
            };
            self.take(Part::Comment);
            if step != 0 {
                self.take(Part::Comment);
                depth = depth.saturating_add_signed(step);
                if depth == 0 {
                    return;
                }
            }
        }
    }

    fn string(&mut self) {
        let line = self.line;
        let mut text = String::new();
        self.take(Part::Code);
        loop {
            match self.peek(0) {
                None => break,
                Some('"') => {
                    self.take(Part::Code);
                    break;
                }
                Some('\\') => {
                    self.take(Part::Quoted);
                    text.extend(self.take(Part::Quoted).map(|c| if matches!(c, 'n' | 'r' | 't') { ' ' } else { c }));
                }
                Some(_) => text.extend(self.take(Part::Quoted)),
            }
        }
        self.strings.push(StringLiteral { line, text });
    }

    /// `'x'`, `'\n'` and `'\''` are characters; `'static` is a lifetime.
    fn character_or_lifetime(&mut self) {
        let is_character = self.peek(1) == Some('\\') || self.peek(2) == Some('\'');
        self.take(Part::Code);
        if !is_character {
            return;
        }
        if self.peek(0) == Some('\\') {
            self.take(Part::Quoted);
        }
        self.take(Part::Quoted);
        while self.peek(0).is_some_and(|c| c != '\'' && c != '\n') {
            self.take(Part::Quoted); // the rest of `'\u{1F600}'`
        }
        self.take(Part::Code);
    }

    /// At `r"`, `r#"`, `br##"` and the like: how many characters before the hashes, and how many hashes.
    fn raw_hashes(&self) -> Option<(usize, usize)> {
        let prefix = match (self.peek(0)?, self.peek(1)?) {
            ('r', _) => 1,
            ('b' | 'c', 'r') => 2,
            _ => return None,
        };
        let hashes = self.chars[self.at + prefix..].iter().take_while(|c| **c == '#').count();
        (self.peek(prefix + hashes) == Some('"')).then_some((prefix, hashes))
    }

    fn raw_string(&mut self) {
        let Some((prefix, hashes)) = self.raw_hashes() else {
            return;
        };
        let line = self.line;
        let mut text = String::new();
        for _ in 0..prefix + hashes + 1 {
            self.take(Part::Code);
        }
        while let Some(c) = self.peek(0) {
            let closes = c == '"' && (1..=hashes).all(|ahead| self.peek(ahead) == Some('#'));
            if closes {
                for _ in 0..hashes + 1 {
                    self.take(Part::Code);
                }
                break;
            }
            text.extend(self.take(Part::Quoted));
        }
        self.strings.push(StringLiteral { line, text });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_comments_leave_the_code() {
        let source = RustSource::parse(
            "let a = \"x // not a comment\"; // yes /* one\nlet b = r#\"say \"hi\"\"#; /* a /* b */ c */ let c = '\"'; let d: &'static str = b\"z\";",
        );
        let texts: Vec<&str> = source.strings.iter().map(|s| s.text.as_str()).collect();
        assert_eq!(texts, ["x // not a comment", "say \"hi\"", "z"]);
        assert_eq!(source.strings[1].line, 2);
        assert!(source.comments.contains("// yes /* one"));
        assert!(source.comments.contains("/* a /* b */ c */"));
        assert!(!source.code.contains("hi") && source.code.contains("let d: &'static str"));
        assert_eq!(source.code.lines().count(), 2);
    }

    #[test]
    fn escaped_quotes_and_characters_do_not_derail() {
        let source = RustSource::parse(r#"f("a\"b", '\'', '\u{1F600}', 'é'); fn g() {} let r#type = 1;"#);
        assert_eq!(source.strings.len(), 1);
        assert_eq!(source.strings[0].text, "a\"b");
        assert_eq!(source.functions().len(), 1);
        assert!(source.code.contains("r#type"));
    }

    #[test]
    fn functions_are_measured_from_fn_to_closing_brace() {
        let text = "trait T { fn no_body(x: [u8; 4]) -> [u8; 2]; }\n\nfn one(\n    x: fn(u8) -> u8,\n) -> [u8; 2] {\n    if x(1) > 0 { \"}\"; }\n    fn inner() {}\n}\n";
        let found = RustSource::parse(text).functions();
        assert_eq!(
            found,
            [
                Function { name: "one".into(), first_line: 3, last_line: 8 },
                Function { name: "inner".into(), first_line: 7, last_line: 7 },
            ]
        );
    }

    #[test]
    fn test_modules_are_marked_to_their_last_line() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn t() {}\n}\nfn b() {}\n";
        assert_eq!(RustSource::parse(text).test_lines(), [false, true, true, true, true, true, false]);
        let elsewhere = RustSource::parse("#[cfg(test)]\nmod tests;\nfn b() {}\n");
        assert_eq!(elsewhere.test_lines(), [true, false, false]);
    }

    #[test]
    fn words_are_whole() {
        assert!(has_word("a b.", "b") && !has_word("ab", "b") && !has_word("b_c", "b"));
    }
}
