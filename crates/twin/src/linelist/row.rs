//! The cells of one row.

use jiff::civil::Date;

use crate::calendar;
use crate::district::{Address, Sex};
use crate::identity;
use crate::names::{self, Name};
use crate::occupation::Occupation;
use crate::rng::{Purpose, Stream};

use super::columns::{
    CLASSIFICATION, COLUMN_COUNT, DISEASE, OUTCOME, SAMPLE_TYPE, SEVERITY, SEX, SYMPTOMS, TEST_RESULT, at,
};
use super::{Defect, DuplicateChange, LineList, RowKind, UpdateChange};

/// Telephone numbers of people begin at their own number, second telephones here.
const SECOND_PHONES: u32 = 5_000_000;

/// Who a row is about.
pub(super) struct Subject {
    number: u32,
    pub born: Date,
    surname: u8,
    sex: Sex,
}

/// The new person of a row. Numbers follow those of the world's people, so that no identity number is shared.
pub(super) fn newcomer(list: &LineList<'_>, row: u32) -> Subject {
    let seed = list.world.spec().seed;
    let mut stream = Stream::new(seed, Purpose::LineListRow, 1, row);
    // Ages 0 to 89, fewer above 60.
    let age = if stream.percent(82) { stream.below(60) } else { stream.between(60, 89) };
    let days = age * 1_461 / 4 + stream.below(365);
    Subject {
        number: list.world.spec().population + row,
        born: calendar::date_of_epoch_day(calendar::epoch_day(list.spec.as_of) - 70 - days as i32),
        surname: names::draw_surname(&mut stream),
        sex: if stream.below(1_000) < 512 { Sex::Male } else { Sex::Female },
    }
}

/// The cells of a row of a kind.
pub(super) fn cells(list: &LineList<'_>, row: u32, kind: RowKind) -> [String; COLUMN_COUNT] {
    match kind {
        RowKind::New => new_person(list, row, row),
        RowKind::NearDuplicate { of, change } => near_duplicate(list, row, of, change),
        RowKind::Update { person, change } => update(list, row, person, change),
        RowKind::Bad { defect } => bad(list, row, defect),
    }
}

fn new_person(list: &LineList<'_>, row: u32, drawn_as: u32) -> [String; COLUMN_COUNT] {
    let world = list.world;
    let seed = world.spec().seed;
    let subject = newcomer(list, drawn_as);
    let name = name_of(list, &subject);
    let mut stream = Stream::new(seed, Purpose::LineListRow, 2, drawn_as);
    let address = some_address(list, &mut stream);
    let age = calendar::age_on(subject.born, list.spec.as_of);
    let occupation = some_occupation(age, &mut stream);
    let workplace = if matches!(age, 6..60) && !world.places().is_empty() {
        world.place_name(stream.below(world.places().len() as u32)).0
    } else {
        String::new()
    };
    let mut cells: [String; COLUMN_COUNT] = std::array::from_fn(|_| String::new());
    identify(
        &mut cells,
        &name,
        subject.sex,
        subject.born,
        identity::id_number(subject.number, subject.born, subject.sex),
        identity::phone_number(seed, subject.number),
    );
    locate(&mut cells, &address, occupation, workplace);
    cells[at::AGE] = age.to_string();
    illness(list, row, drawn_as, &mut cells);
    cells
}

fn name_of(list: &LineList<'_>, subject: &Subject) -> Name {
    names::name_of(list.world.spec().seed, subject.number, subject.surname, subject.sex, subject.born.year())
}

fn near_duplicate(list: &LineList<'_>, row: u32, of: u32, change: DuplicateChange) -> [String; COLUMN_COUNT] {
    let seed = list.world.spec().seed;
    let mut cells = new_person(list, of, of);
    let mut stream = Stream::new(seed, Purpose::LineListChange, 1, row);
    let subject = newcomer(list, of);
    cells[at::CARD_NUMBER] = card_number(list, row);
    cells[at::ID_NUMBER].clear();
    // Another unit reports the same person.
    cells[at::REPORTING_UNIT] = reporting_unit(list, &mut stream);
    match change {
        DuplicateChange::NameTypo => {
            cells[at::NAME] = names::mistype(&name_of(list, &subject), &mut stream).chinese();
        }
        DuplicateChange::BirthDateTransposed => {
            let born = transposed(subject.born, list.spec.as_of).unwrap_or(subject.born);
            cells[at::BIRTH_DATE] = born.to_string();
            cells[at::AGE] = calendar::age_on(born, list.spec.as_of).to_string();
        }
        DuplicateChange::PhoneChanged => {
            cells[at::PHONE] = identity::phone_number(seed, subject.number + SECOND_PHONES);
        }
    }
    cells
}

fn update(list: &LineList<'_>, row: u32, person: u32, change: UpdateChange) -> [String; COLUMN_COUNT] {
    let world = list.world;
    let record = world.person(person);
    let mut stream = Stream::new(world.spec().seed, Purpose::LineListChange, 2, row);
    let phone = match change {
        UpdateChange::Phone => identity::phone_number(world.spec().seed, person + SECOND_PHONES),
        _ => record.phone,
    };
    let mut address = record.address;
    while change == UpdateChange::Address && address.detail == world.address(record.household).detail {
        address = some_address(list, &mut stream);
    }
    let workplace = record.works_at.map_or(String::new(), |place| world.place_name(place).0);
    let mut cells: [String; COLUMN_COUNT] = std::array::from_fn(|_| String::new());
    identify(&mut cells, &record.name, record.sex, record.born, record.id_number, phone);
    locate(&mut cells, &address, record.occupation, workplace);
    cells[at::AGE] = calendar::age_on(record.born, list.spec.as_of).to_string();
    illness(list, row, row, &mut cells);
    cells
}

fn bad(list: &LineList<'_>, row: u32, defect: Defect) -> [String; COLUMN_COUNT] {
    let mut cells = new_person(list, row, row);
    let mut stream = Stream::new(list.world.spec().seed, Purpose::LineListChange, 3, row);
    match defect {
        Defect::ImpossibleDate => {
            let year = list.spec.as_of.year();
            cells[at::CLASSIFICATION] = CLASSIFICATION[0].to_owned();
            cells[at::ONSET_DATE] = match stream.below(3) {
                0 => format!("{year}-02-30"),
                1 => format!("{year}-13-05"),
                _ => format!("{year}-04-31"),
            };
        }
        Defect::FutureDate => {
            // Wherever it is read on the day after the list was taken, it has not begun.
            let ahead = stream.between(3, 300) as i32;
            let day = calendar::date_of_epoch_day(calendar::epoch_day(list.spec.as_of) + ahead);
            cells[at::REPORTED_AT] = format!("{day} 09:30");
        }
        Defect::UnknownCode => cells[at::CLASSIFICATION] = format!("分类{}", stream.between(20, 99)),
        Defect::MissingName => cells[at::NAME].clear(),
    }
    cells
}

fn identify(cells: &mut [String; COLUMN_COUNT], name: &Name, sex: Sex, born: Date, id_number: String, phone: String) {
    cells[at::NAME] = name.chinese();
    cells[2] = name.latin();
    cells[3] = SEX[usize::from(sex == Sex::Male)].to_owned();
    cells[at::BIRTH_DATE] = born.to_string();
    cells[at::ID_NUMBER] = id_number;
    cells[at::PHONE] = phone;
}

fn locate(cells: &mut [String; COLUMN_COUNT], address: &Address, occupation: Occupation, workplace: String) {
    cells[8] = occupation.names().0.to_owned();
    cells[9] = workplace;
    cells[10].clone_from(&address.city);
    cells[11].clone_from(&address.district);
    cells[12].clone_from(&address.street);
    cells[13].clone_from(&address.community);
    cells[14].clone_from(&address.detail);
}

/// The columns of the case, all dates in the sixty days before the list was taken.
fn illness(list: &LineList<'_>, row: u32, drawn_as: u32, cells: &mut [String; COLUMN_COUNT]) {
    let mut stream = Stream::new(list.world.spec().seed, Purpose::LineListRow, 3, drawn_as);
    let last = calendar::epoch_day(list.spec.as_of);
    let reported = last - stream.below(60) as i32;
    let sampled = reported - stream.between(1, 2) as i32;
    let class = [0, 0, 0, 0, 0, 0, 1, 1, 1, 2][stream.below(10) as usize];
    let time = |day: i32, stream: &mut Stream| {
        let date = calendar::date_of_epoch_day(day);
        format!("{date} {:02}:{:02}", stream.between(7, 21), stream.below(60))
    };
    cells[at::CARD_NUMBER] = card_number(list, row);
    cells[15] = DISEASE.to_owned();
    cells[at::CLASSIFICATION] = CLASSIFICATION[class].to_owned();
    if class != 1 {
        cells[17] = SEVERITY[[0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 3][stream.below(13) as usize]].to_owned();
        let onset = sampled - stream.below(5) as i32;
        cells[at::ONSET_DATE] = calendar::date_of_epoch_day(onset).to_string();
        let first = stream.below(5) as usize;
        // A comma inside a cell, as in many real lists.
        cells[19] = format!("{},{}", SYMPTOMS[first], SYMPTOMS[first + 1]);
    }
    cells[20] = time(sampled, &mut stream);
    cells[21] = stream.pick(&SAMPLE_TYPE).to_string();
    cells[22] = TEST_RESULT[usize::from(class == 2)].to_owned();
    if class != 2 {
        cells[23] = format!("{}.{}", stream.between(16, 37), stream.below(10));
    }
    cells[24] = format!("演练第{}检验实验室", stream.between(1, 12));
    cells[at::REPORTED_AT] = time(reported, &mut stream);
    cells[at::REPORTING_UNIT] = reporting_unit(list, &mut stream);
    cells[27] = time(reported.min(last), &mut stream);
    let ended = reported + stream.between(8, 16) as i32;
    let outcome = if ended > last { 0 } else { 1 + usize::from(stream.below(500) == 0) };
    cells[28] = OUTCOME[outcome].to_owned();
    if outcome > 0 {
        cells[29] = calendar::date_of_epoch_day(ended).to_string();
    }
}

fn card_number(list: &LineList<'_>, row: u32) -> String {
    format!("YL{}-{:07}", list.spec.as_of.year(), row + 1)
}

fn reporting_unit(list: &LineList<'_>, stream: &mut Stream) -> String {
    let hospitals = list.world.communities().len().div_ceil(4).max(2) as u32;
    format!("演练第{}医疗机构", stream.between(1, hospitals))
}

/// A flat of the world, lived in or not.
fn some_address(list: &LineList<'_>, stream: &mut Stream) -> Address {
    let building = stream.below(list.world.buildings().len() as u32);
    let house = &list.world.buildings()[building as usize];
    let unit = stream.between(1, u32::from(house.units)) as u8;
    let floor = stream.between(1, u32::from(house.floors)) as u8;
    let room = stream.between(1, u32::from(house.rooms_per_floor)) as u8;
    list.world.flat_address(building, unit, floor, room)
}

fn some_occupation(age: u8, stream: &mut Stream) -> Occupation {
    match age {
        0..3 => Occupation::ChildAtHome,
        3..6 => Occupation::KindergartenChild,
        6..18 => Occupation::Pupil,
        60.. => Occupation::Retired,
        _ => *stream.pick(&[
            Occupation::OfficeWorker,
            Occupation::FactoryWorker,
            Occupation::ShopAssistant,
            Occupation::RestaurantWorker,
            Occupation::Courier,
            Occupation::Homemaker,
        ]),
    }
}

/// A birth date with two digits exchanged, still in the calendar, not the same and not after `as_of`: in
/// the day, else the month, else the year; else day and month exchanged. None when nothing gives one.
pub(super) fn transposed(born: Date, as_of: Date) -> Option<Date> {
    let swap = |number: i8| number % 10 * 10 + number / 10;
    let year = born.year();
    let candidates = [
        (year, born.month(), swap(born.day())),
        (year, swap(born.month()), born.day()),
        (year / 100 * 100 + year % 10 * 10 + year / 10 % 10, born.month(), born.day()),
        (year, born.day(), born.month()),
    ];
    candidates
        .into_iter()
        .filter_map(|(year, month, day)| Date::new(year, month, day).ok())
        .find(|date| *date != born && *date < as_of)
}
