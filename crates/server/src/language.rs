//! The two languages of the product, and which one a request asks for.

use crate::app::App;
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use std::convert::Infallible;

/// A language in which the server answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Language {
    /// Chinese.
    Zh,
    /// English.
    #[default]
    En,
}

impl Language {
    /// Its tag, as `lang` and `Content-Language` carry it.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// The text in this language.
    pub const fn pick<T: Copy>(self, zh: T, en: T) -> T {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }

    /// The language of a tag such as `zh-Hans-CN`, if the server speaks it.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        [Self::Zh, Self::En].into_iter().find(|language| primary.eq_ignore_ascii_case(language.tag()))
    }

    /// The best of `Accept-Language` (RFC 9110 §12.5.4) that the server speaks, or `other`.
    pub fn asked(headers: &HeaderMap, other: Self) -> Self {
        let text = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        // A longer list than any browser sends is not read to its end.
        let ranges = text.split(',').take(16).filter_map(|range| {
            let mut parts = range.split(';');
            let language = Self::of_tag(parts.next()?.trim())?;
            let weight = parts.find_map(|part| part.trim().strip_prefix("q=").map(thousandths)).unwrap_or(1_000);
            (weight > 0).then_some((weight, language))
        });
        let mut best: Option<(u16, Self)> = None;
        for (weight, language) in ranges {
            // Of equal weights the first stands.
            if best.is_none_or(|(heaviest, _)| weight > heaviest) {
                best = Some((weight, language));
            }
        }
        best.map_or(other, |(_, language)| language)
    }
}

/// A quality value in thousandths; what is not one weighs nothing.
fn thousandths(text: &str) -> u16 {
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits: String = part.chars().chain("000".chars()).take(3).collect();
    match (whole, digits.parse::<u16>()) {
        ("1", _) => 1_000,
        ("0", Ok(part)) => part,
        _ => 0,
    }
}

impl FromRequestParts<App> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self::asked(&parts.headers, app.config.language))
    }
}
