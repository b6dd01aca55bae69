//! Dates, moments and days against a calendar of our own: counted in the head, as a clerk would.

use std::cmp::Ordering;

use chrono::DateTime;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;

/// What a text says, read by hand; none where a registry cannot know such a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Said {
    year: i64,
    month: i64,
    day: i64,
}

impl Said {
    fn read(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('-').collect();
        let [year, month, day] = parts.as_slice() else { return None };
        Some(Self { year: digits(year, 4)?, month: digits(month, 2)?, day: digits(day, 2)? })
    }

    fn can_be_known(self) -> bool {
        let Self { year, month, day } = self;
        match (year, month, day) {
            (0, 0, 0) => true,
            (0, _, _) => false,
            (_, 0, 0) => true,
            (year, month, day) => (1..=12).contains(&month) && day <= days_in(year, month),
        }
    }

    /// Whether it may have been this day.
    fn may_be(self, day: Self) -> bool {
        let fits = |known: i64, is: i64| known == 0 || known == is;
        fits(self.year, day.year) && fits(self.month, day.month) && fits(self.day, day.day)
    }

    /// How many of its parts are known.
    fn precision(self) -> usize {
        [self.year, self.month, self.day].iter().filter(|part| **part > 0).count()
    }

    /// The number of a day, from 1 for 0001-01-01.
    fn number(self) -> i64 {
        let before = self.year - 1;
        let months: i64 = (1..self.month).map(|month| days_in(self.year, month)).sum();
        365 * before + before / 4 - before / 100 + before / 400 + months + self.day
    }
}

fn digits(text: &str, length: usize) -> Option<i64> {
    let numbers: Option<Vec<i64>> =
        text.chars().map(|digit| "0123456789".find(digit).map(|at| at as i64)).collect();
    let numbers = numbers.filter(|numbers| numbers.len() == length)?;
    Some(numbers.into_iter().fold(0, |sum, digit| 10 * sum + digit))
}

fn days_in(year: i64, month: i64) -> i64 {
    let leap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn said(text: impl ToString) -> Said {
    Said::read(&text.to_string()).unwrap()
}

fn year() -> impl Strategy<Value = u16> {
    prop_oneof![select(vec![0, 1, 4, 100, 400, 1900, 2000, 2023, 2024, 9998, 9999]), 0..=9999u16]
}

/// A date as somebody writes it who knows the form, and not the calendar.
fn date() -> impl Strategy<Value = String> {
    let month = prop_oneof![Just(0), Just(2), 0..=14u8];
    let day = prop_oneof![Just(0), 28..=32u8, 0..=33u8];
    (year(), month, day).prop_map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}"))
}

/// A date that a registry can know.
fn known() -> impl Strategy<Value = PartialDate> {
    date().prop_filter_map("no date", |text| text.parse().ok())
}

fn day() -> impl Strategy<Value = Day> {
    let near = prop_oneof![Just(0_i64), -40..40i64, -4_000_000..4_000_000i64];
    (known(), near).prop_map(|(date, days)| date.earliest().plus(days))
}

/// What slips into a date, or out of one.
const SLIPS: [&str; 24] = [
    "", "", "0", "1", "9", "-", "/", ".", ":", " ", "T", "t", "Z", "+", "00", "60", "é", "٣", "２", "−", "‐",
    "\0", "\n", "e",
];

/// With slips of the pen in it.
fn slipped(text: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    (text, vec((any::<Index>(), 0..2usize, select(SLIPS.as_slice())), 0..3)).prop_map(|(text, slips)| {
        slips.into_iter().fold(text, |text, (place, taken, put)| {
            let characters: Vec<char> = text.chars().collect();
            let place = place.index(characters.len() + 1);
            let (before, after) = characters.split_at(place);
            before.iter().copied().chain(put.chars()).chain(after.iter().skip(taken).copied()).collect()
        })
    })
}

fn anything() -> impl Strategy<Value = String> {
    prop_oneof![8 => slipped(date()), 1 => any::<String>(), 1 => "[0-9-]{0,12}"]
}

/// A moment as somebody writes it who knows the form.
fn timestamp() -> impl Strategy<Value = String> {
    let between = select(vec!["T", "T", "T", "t", " ", "_"]);
    let (hour, minute) = (prop_oneof![0..=25u8], prop_oneof![0..=61u8]);
    let second = prop_oneof![4 => 0..60u8, 1 => 58..=62u8];
    let fraction = prop_oneof![2 => Just(String::new()), 3 => "\\.[0-9]{1,12}", 1 => Just(".".to_owned())];
    let offset = prop_oneof![
        3 => Just("Z".to_owned()), 1 => Just("z".to_owned()), 1 => Just(String::new()),
        4 => (select(vec!["+", "-", "−"]), 0..=25u8, prop_oneof![Just(0), 0..=61u8]).prop_map(|(sign, hour, minute)| format!("{sign}{hour:02}:{minute:02}")),
    ];
    (date(), between, hour, minute, (second, fraction, offset)).prop_map(
        |(date, between, hour, minute, (second, fraction, offset))| {
            format!("{date}{between}{hour:02}:{minute:02}:{second:02}{fraction}{offset}")
        },
    )
}

/// The microsecond, from 0001-01-01T00:00:00Z on, that a timestamp names, read by hand; or what is wrong with it.
fn microsecond(text: &str) -> Result<i64, InstantError> {
    let wrong = || InstantError::Shape(String::new());
    let date = text.get(..10).and_then(Said::read).ok_or_else(wrong)?;
    if !(1..=12).contains(&date.month) || !(1..=days_in(date.year, date.month)).contains(&date.day) {
        return Err(wrong());
    }
    let rest = text.get(10..).filter(|rest| rest.starts_with(['T', 't', ' '])).ok_or_else(wrong)?;
    let clock = rest.get(1..9).ok_or_else(wrong)?;
    let parts: Option<Vec<i64>> = clock.split(':').map(|part| digits(part, 2)).collect();
    let Some([hour @ 0..=23, minute @ 0..=59, second @ 0..=60]) = parts.as_deref() else {
        return Err(wrong());
    };
    let rest = &rest[9..];
    let (fraction, offset) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())),
        None => ("0", rest),
    };
    if fraction.is_empty() {
        return Err(wrong());
    }
    let micros = digits(&format!("{fraction:0<6}")[..6], 6).ok_or_else(wrong)?;
    let offset = minutes(offset).ok_or_else(wrong)?;
    if *second == 60 {
        return Err(InstantError::LeapSecond(String::new()));
    }
    let local = date.number() * 1_440 + hour * 60 + minute;
    let utc = local - offset - 1_440;
    let after = Said { year: 10_000, month: 1, day: 1 }.number() * 1_440 - 1_440;
    if date.year == 0 || !(0..after).contains(&utc) {
        return Err(InstantError::Year(String::new()));
    }
    Ok((utc * 60 + second) * 1_000_000 + micros)
}

/// How many minutes an offset is ahead of UTC.
fn minutes(offset: &str) -> Option<i64> {
    if offset == "Z" || offset == "z" {
        return Some(0);
    }
    let ahead = match offset.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let (hours, minutes) = offset[1..].split_once(':')?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    (hours < 24 && minutes < 60).then_some(ahead * (60 * hours + minutes))
}

/// What an error shows of a text: its beginning, as far as it shows any.
fn names(error: &str, text: &str) -> bool {
    let escaped = |one: char| if one.is_control() { one.escape_default().to_string() } else { one.into() };
    let shown: String = text.chars().take(40).map(escaped).collect();
    error.contains(&shown) && error.chars().count() < 160 + shown.chars().count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_text_is_a_date_where_a_registry_can_know_it_and_is_written_as_it_was(text in anything()) {
        let (read, given) = (text.parse::<PartialDate>(), Said::read(&text));
        match read {
            Ok(date) => {
                prop_assert!(given.is_some_and(Said::can_be_known), "{text}");
                prop_assert_eq!(date.to_string(), text.clone());
                let parts = [date.year(), date.month().map(u16::from), date.day().map(u16::from)];
                let parts = parts.map(|part| part.map_or(0, i64::from));
                prop_assert_eq!(Some(Said { year: parts[0], month: parts[1], day: parts[2] }), given);
                let json = serde_json::to_string(&date).unwrap();
                prop_assert_eq!(serde_json::from_str::<PartialDate>(&json).ok(), Some(date));
            }
            Err(error) => {
                prop_assert!(names(&error.to_string(), &text), "{error}");
                let why = match given {
                    None => matches!(error, PartialDateError::Shape(_)),
                    Some(Said { year: 0, .. }) => matches!(error, PartialDateError::MonthWithoutYear(_)),
                    Some(Said { month: 0, .. }) => matches!(error, PartialDateError::DayWithoutMonth(_)),
                    Some(Said { month: 13.., .. }) => matches!(error, PartialDateError::Month(..)),
                    Some(said) => matches!(error, PartialDateError::Day(..)) && said.day > days_in(said.year, said.month),
                };
                prop_assert!(why && !given.is_some_and(Said::can_be_known), "{error}: {text}");
            }
        }
    }

    #[test]
    fn a_day_lies_between_the_earliest_and_the_latest_where_the_date_may_be_that_day(date in known(), other in day(), near in -400..400i64) {
        for day in [other, date.earliest().plus(near), date.latest().plus(near), date.earliest(), date.latest()] {
            let between = date.earliest() <= day && day <= date.latest();
            prop_assert_eq!(between, said(date).may_be(said(day)), "{} {}", date, day);
        }
        prop_assert_eq!(date.is_certain(), date.earliest() == date.latest());
        prop_assert_eq!(date.precision() as usize, said(date).precision());
    }

    #[test]
    fn dates_stand_in_the_order_of_their_earliest_days_and_the_less_known_first(one in known(), other in known(), near in -40..40i64) {
        for other in [other, PartialDate::from(one.earliest().plus(near)), PartialDate::from(one.latest())] {
            let order = |date: PartialDate| (date.earliest(), said(date).precision());
            prop_assert_eq!(one.cmp(&other), order(one).cmp(&order(other)), "{} {}", one, other);
            if one.latest() < other.earliest() {
                prop_assert_eq!(one.cmp(&other), Ordering::Less, "{} {}", one, other);
            }
        }
    }

    #[test]
    fn days_are_counted_one_by_one_from_the_first_to_the_last(one in day(), other in day(), days in prop_oneof![-800..800i64, any::<i64>()]) {
        let number = |day: Day| said(day).number();
        let last = number(Day::LAST);
        prop_assert_eq!(one.days_until(other), number(other) - number(one));
        prop_assert_eq!(number(one.plus(days)), number(one).saturating_add(days).clamp(1, last));
        prop_assert_eq!(one.cmp(&other), number(one).cmp(&number(other)));
        prop_assert_eq!(one.to_string().parse::<Day>(), Ok(one));
    }

    #[test]
    fn a_birthday_begins_each_year_of_an_age(born in day(), on in day()) {
        let age = born.years_until(on);
        prop_assert!(born.plus_years(age) <= on || said(born).year + age < 1, "{} {}: {}", born, on, age);
        prop_assert!(on < born.plus_years(age + 1) || said(born).year + age >= 9999, "{} {}: {}", born, on, age);
        let year = (said(born).year.saturating_add(age)).clamp(1, 9999);
        let birthday = Said { year, ..said(born) };
        let birthday = if birthday.can_be_known() { birthday } else { Said { year, month: 3, day: 1 } };
        prop_assert_eq!(said(born.plus_years(age)), birthday);
    }

    #[test]
    fn a_timestamp_is_the_microsecond_that_it_names_and_never_a_later_one(text in slipped(timestamp())) {
        let first = FIRST_INSTANT.timestamp_micros();
        match (parse_instant(&text), microsecond(&text)) {
            (Ok(instant), Ok(micros)) => {
                prop_assert_eq!(instant.timestamp_micros() - first, micros, "{}", text);
                prop_assert_eq!(truncate_to_micros(instant), instant);
                prop_assert_eq!(parse_instant(&instant.to_rfc3339()), Ok(instant));
            }
            (Err(error), Err(wrong)) => {
                prop_assert_eq!(std::mem::discriminant(&error), std::mem::discriminant(&wrong), "{}: {}", text, error);
                prop_assert!(names(&error.to_string(), &text), "{error}");
            }
            (read, by_hand) => prop_assert!(false, "{text}: {read:?}, and by hand {by_hand:?}"),
        }
    }

    #[test]
    fn a_moment_is_a_certain_day_or_a_timestamp(text in prop_oneof![anything(), slipped(timestamp())]) {
        let date = Said::read(&text);
        let by_hand = microsecond(&text);
        match text.parse::<Moment>() {
            Ok(Moment::Day(day)) => prop_assert!(date == Some(said(day)) && date.is_some_and(Said::can_be_known)),
            Ok(Moment::Instant(instant)) => {
                prop_assert_eq!(Ok(instant.timestamp_micros() - FIRST_INSTANT.timestamp_micros()), by_hand);
            }
            Err(error) => {
                prop_assert!(names(&error.to_string(), &text), "{error}");
                let why = match &error {
                    MomentError::Partial(_) => date.is_some_and(|date| date.can_be_known() && date.precision() < 3),
                    MomentError::Day(_) => date.is_some_and(|date| !date.can_be_known()),
                    MomentError::Shape(_) => date.is_none() && matches!(by_hand, Err(InstantError::Shape(_))),
                    MomentError::Instant(_) => matches!(by_hand, Err(InstantError::Year(_) | InstantError::LeapSecond(_))),
                };
                prop_assert!(why, "{error}: {text}");
            }
        }
    }

    #[test]
    fn every_instant_lies_in_its_local_day_and_days_follow_each_other_without_a_gap(
        zone in select(ZONES.as_slice()), near in select(CHANGES.as_slice()), seconds in prop_oneof![-4_000..4_000i64, -200_000..200_000i64, -60_000_000_000..200_000_000_000i64],
    ) {
        let zone: Zone = zone.parse().unwrap();
        let near: DateTime<chrono::Utc> = near.parse().unwrap();
        let instant = near + chrono::TimeDelta::seconds(seconds);
        let day = zone.day(instant);
        prop_assert!(zone.start_of(day) <= instant && instant <= zone.end_of(day), "{instant} {day}");
        let next = zone.start_of(day.plus(1));
        prop_assert_eq!(zone.end_of(day) + chrono::TimeDelta::microseconds(1), next, "{}", day);
        prop_assert!(zone.start_of(day) < next && Moment::Day(day).last_instant(zone) < next);
    }
}

/// Where a change of the clock may skip midnight, or a whole day.
const ZONES: [&str; 7] = [
    "Europe/Amsterdam",
    "Europe/Amsterdam",
    "UTC",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Asia/Beirut",
    "Pacific/Apia",
];

/// Moments around which clocks changed somewhere.
const CHANGES: [&str; 7] = [
    "1985-12-31T18:30:00Z",
    "2026-03-29T01:00:00Z",
    "2025-10-26T01:00:00Z",
    "2018-11-04T03:00:00Z",
    "2011-12-30T10:00:00Z",
    "1937-07-01T00:00:00Z",
    "2020-03-28T22:00:00Z",
];
