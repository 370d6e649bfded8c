//! The digest in Chinese, in simplified characters.

mod telling;

use chrono::{Datelike, NaiveDate};

use crate::model::assessment::Relation;
use crate::model::changes::FollowerTrend;
use crate::model::outlet::Control;

use super::words::{
    Checked, Event, Figures, Pace, Sides, Story, Subject, Trend, Words, grouped, pace_of, trend_of,
};

pub(super) const WORDS: Words = Words {
    day,
    month: |date| format!("{}年{}月", date.year(), date.month()),
    period,
    title: |number, period| format!("Masthead 第{number}期摘要，{period}"),
    counted,
    method: "方法：我们读取公开的个人资料页和媒体自己的网站。“官方”指双方互相指明对方。",
    rule,
    awaiting: |n| format!("另有{n}项等待人工审核。"),
    postponed: |n| format!("另有{n}个账号本期未能列出：其余内容见网页，下期再发。"),
    every_post: "每条内容、证据和提出异议的方法：",
    heading,
    account,
    pace,
    followers,
    figures,
    proof,
    event,
    relation,
    quiet: "仍未恢复发布：",
    quiet_account: |handle, month| format!("{handle}（自{month}起）"),
    owner,
    controlled,
    checked,
    proof_link: "查看证据或提出异议：",
    change_link: "全部日期和数字，或提出异议：",
    closing: |number| format!("第{number}期摘要到此为止。服务器一天之内没有收下全部内容，未发部分见网页："),
    telling: telling::TELLING,
};

fn day(date: NaiveDate, year: i32) -> String {
    let text = format!("{}月{}日", date.month(), date.day());
    if date.year() == year { text } else { format!("{}年{text}", date.year()) }
}

fn period(from: NaiveDate, to: NaiveDate) -> String {
    let start = format!("{}年{}月{}日", from.year(), from.month(), from.day());
    if from == to {
        start
    } else if (from.year(), from.month()) == (to.year(), to.month()) {
        format!("{start}至{}日", to.day())
    } else {
        format!("{start}至{}", day(to, from.year()))
    }
}

fn counted(story: Story, n: usize, outlet: Option<&str>) -> String {
    let outlet = outlet.unwrap_or("某媒体");
    match story {
        Story::Correction => format!("更正{n}项（见下方首条）"),
        Story::Undisclosed => format!("似与 {outlet} 有关联但未说明的账号{n}个"),
        Story::LookAlike => format!("仿冒 {outlet} 的账号{n}个"),
        Story::Official => format!("新发现官方账号{n}个"),
        Story::Attested => format!("新发现自称官方、并有来源佐证的账号{n}个"),
        Story::NowProven => format!("已知账号现证实为官方{n}个"),
        Story::Changed => format!("已知账号的变化{n}项"),
    }
}

fn rule(checked: Checked) -> String {
    match checked {
        Checked::ByRule => "此类证据按规则直接发布。".to_owned(),
        Checked::ByPeople(1) => "此类证据按规则直接发布；其余内容由一人核对。".to_owned(),
        Checked::ByPeople(n) => format!("此类证据按规则直接发布；其余内容由{n}人核对。"),
    }
}

fn heading(story: Story, subject: &Subject<'_>) -> String {
    let Subject { outlet, network, accounts } = subject;
    let head = match story {
        Story::Official => "新发现的官方账号",
        Story::Attested => "新发现的自称官方账号",
        Story::LookAlike => "新发现的仿冒账号",
        Story::NowProven => "现证实为官方账号",
        Story::Changed => return format!("变化：{network} 上的 {outlet}"),
        Story::Correction => return format!("更正：{network} 上的 {outlet}"),
        Story::Undisclosed => return telling::heading(outlet, *accounts),
    };
    let count = if *accounts == 1 { String::new() } else { format!("，共{accounts}个") };
    format!("{head}：{network} 上的 {outlet}{count}")
}

fn account(handle: &str, figures: &Figures) -> String {
    let seen = figures.first_seen.as_ref().map(|day| format!("我们于{day}首次看到"));
    [Some(handle.to_owned()), seen, figures.pace.clone(), figures.followers.clone()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("，")
}

fn pace(tenths: u32) -> Option<String> {
    Some(match pace_of(tenths)? {
        Pace::ADay(n) => format!("每天约{n}条"),
        Pace::AWeek(n) => format!("每周约{n}条"),
    })
}

fn followers(trend: FollowerTrend) -> String {
    let now = format!("关注者{}人", grouped(trend.now, ','));
    match trend_of(trend) {
        Trend::Unknown => now,
        Trend::More(n) => format!("{now}（比一周前多{}人）", grouped(n, ',')),
        Trend::Fewer(n) => format!("{now}（比一周前少{}人）", grouped(n, ',')),
        Trend::Same => format!("{now}（与一周前相同）"),
    }
}

fn figures(figures: &Figures) -> Option<String> {
    let known: Vec<&str> =
        [&figures.pace, &figures.followers].into_iter().flatten().map(String::as_str).collect();
    (!known.is_empty()).then(|| known.join("，"))
}

fn proof(story: Story, sides: &Sides<'_>) -> String {
    if story == Story::LookAlike {
        return telling::imitates(sides.accounts).to_owned();
    }
    let profile = if sides.accounts == 1 { "该账号资料" } else { "各账号资料" };
    let named = sides.profile_names.unwrap_or("媒体网站");
    if story == Story::Attested {
        return format!("目前所知：{profile}指明 {named}，我们引用了一个来源；媒体自己的网页尚未证实。");
    }
    let back = sides.named_on.unwrap_or("媒体网站");
    format!(
        "双向证据：{profile}指明 {named}，{back} 也指明{}。两边均由我们读取。",
        if sides.accounts == 1 { "该账号" } else { "各账号" }
    )
}

fn event(handle: &str, relation: Option<&str>, event: &Event, figures: &Figures) -> String {
    let who = relation.map_or_else(|| format!("{handle} "), |relation| format!("{handle}（{relation}）"));
    let numbers: Vec<&str> =
        [&figures.pace, &figures.followers].into_iter().flatten().map(String::as_str).collect();
    match event {
        Event::PostsAgain { since, quiet_days } => {
            let tail = if numbers.is_empty() { String::new() } else { format!("：{}", numbers.join("，")) };
            format!("{who}沉寂{quiet_days}天后，自{since}起恢复发布{tail}。")
        }
        Event::Gone { since } => format!("{who}自{since}起已不在其服务器上。"),
        Event::Back { since } => {
            format!("我们曾说{who}已消失，它现已回到其服务器上：{since}我们再次读到它。")
        }
        Event::Moved => format!("{who}称已迁移。新账号单独得到证实后我们才会列出。"),
    }
}

fn relation(relation: Relation) -> Option<&'static str> {
    match relation {
        Relation::Official => Some("官方"),
        Relation::Attested => Some("自称官方"),
        Relation::Mirror => Some("声明为转载"),
        Relation::Undisclosed | Relation::LookAlike | Relation::Claimed | Relation::Unrelated => None,
    }
}

fn owner(owner: &str, says: &str, has_source: bool) -> String {
    let place = if has_source { "，见网页" } else { "" };
    format!("控制方：{owner}。来源：{says}{place}。")
}

fn controlled(control: Control, says: &str, has_source: bool) -> String {
    let place = if has_source { "，见网页" } else { "" };
    let control = match control {
        Control::StateControlled => "受国家控制",
        Control::PartyOrgan => "政党机关媒体",
        Control::Captured => "受国家操控",
        Control::Contested => "控制权有争议",
        Control::Unknown => "控制方不明",
        Control::InformationOperation => "属于信息操作的一部分",
    };
    format!("该媒体：{control}；未见来源载明所有者。来源：{says}{place}。")
}

fn checked(checked: Checked) -> Option<String> {
    match checked {
        Checked::ByRule => None,
        Checked::ByPeople(1) => Some("本条仅由一人核对。".into()),
        Checked::ByPeople(n) => Some(format!("本条由{n}人核对。")),
    }
}
