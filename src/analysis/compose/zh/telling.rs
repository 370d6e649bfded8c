//! Hidden ties and corrections in Chinese, in simplified characters.

use chrono::{Datelike, NaiveDate};

use crate::analysis::compose::SoFar;
use crate::analysis::compose::telling::{Credits, Observed, Said, Telling, Wrong};
use crate::analysis::compose::words::{Figures, grouped};
use crate::model::tie::Topic;

use super::day;

pub(super) const TELLING: Telling = Telling {
    between: "",
    method,
    only_observed: "我们只报告观察到的情况，不判断账号由谁运营。",
    official_means: "“官方”指账号与媒体互相指明对方。",
    span,
    account,
    observed,
    count: |n| grouped(n, ','),
    credit,
    topic,
    controller: |owner, says| format!("该媒体的控制方：{owner}（据 {says}）。"),
    not_known: |_| "尚不清楚由谁运营。",
    evidence_link: "查看正反两面的依据，或提出异议：",
    correction: |digest, day| match digest {
        Some(digest) => format!("对第{digest}期摘要（{day}）的更正"),
        None => format!("对本站网页（{day}）的更正"),
    },
    wrong: |wrong| format!("我们曾写道：{}。这是错误的。{}", claim(wrong), wrong.why),
    sorry: |digest| match digest {
        Some(_) => "我们收回这一说法，并致歉。原帖和网页均已注明。",
        None => "我们收回这一说法，并致歉。网页已注明。",
    },
    so_far,
    correction_link: "我们说过什么，错在哪里：",
    corrected: |day| format!("{day}更正：本帖原有内容有误。"),
    taken_out: |day| format!("{day}更正：对另一个账号的说法有误，已删去。"),
    withdrawn: |wrong| format!("我们曾写道：{}。我们收回这一说法，并致歉。{}", claim(wrong), wrong.why),
};

fn number(n: usize) -> String {
    match n {
        1 => "一".into(),
        2 => "两".into(),
        3 => "三".into(),
        4 => "四".into(),
        5 => "五".into(),
        n => n.to_string(),
    }
}

pub(super) fn heading(outlet: &str, n: usize) -> String {
    if n == 1 {
        format!("似与 {outlet} 有关联，但未说明")
    } else {
        format!("{}个账号，同一件事：似与 {outlet} 有关联，但未说明", number(n))
    }
}

pub(super) fn imitates(_: usize) -> &'static str {
    "观察到：其名称用形似的字母写成媒体的名称。我们读到的该媒体网页均未指明该账号。尚不清楚由谁运营。"
}

fn method(people: usize) -> String {
    let check = match people {
        1 => "仅由一人核对".to_owned(),
        n => format!("由{}人核对", number(n)),
    };
    format!("方法：我们把公开帖文与媒体先行发布的内容作比较；每项未公开的关联都{check}。")
}

fn span(from: NaiveDate, to: NaiveDate, year: i32) -> String {
    let start = day(from, year);
    if from == to {
        start
    } else if (from.year(), from.month()) == (to.year(), to.month()) {
        format!("{start}至{}日", to.day())
    } else {
        format!("{start}至{}", day(to, from.year()))
    }
}

fn account(handle: &str, figures: &Figures) -> String {
    let seen = figures.first_seen.as_ref().map(|day| format!("我们于{day}首次看到"));
    let told = [Some(handle.to_owned()), figures.followers.clone(), seen];
    told.into_iter().flatten().collect::<Vec<_>>().join("，")
}

fn observed(observed: &Observed) -> String {
    let Observed { span, accounts, posts, copies, common, lag_minutes } = observed;
    let (posts, copies) = (grouped(*posts, ','), grouped(*copies, ','));
    let lag = lag_minutes.map(|minutes| format!("（通常晚{}）", lag(minutes))).unwrap_or_default();
    let its = if *accounts == 1 { "其" } else { "它们的" };
    if *accounts == 1 || *common < 2 {
        return format!(
            "{span}观察到：{its}{posts}条帖文中，有{copies}条与该媒体此前发布的内容几乎相同{lag}。"
        );
    }
    format!(
        "{span}观察到：{}个账号发布了相同的{common}条内容，均与该媒体此前发布的几乎相同{lag}。",
        number(*accounts)
    )
}

fn lag(minutes: i64) -> String {
    match minutes {
        1..90 => format!("{minutes}分钟"),
        _ => {
            let hours = (minutes + 30) / 60;
            if hours < 48 { format!("{hours}小时") } else { format!("{}天", (hours + 12) / 24) }
        }
    }
}

fn credit(credits: &Credits) -> Option<String> {
    let Credits { accounts, copies, none, altered, example } = credits;
    let example = example.as_ref().map(|example| format!("，如“{example}”")).unwrap_or_default();
    let (none_of, altered_in) = (grouped(*none, ','), grouped(*altered, ','));
    let leads_nowhere = format!("{altered_in}条的署名无法指向来源{example}");
    let among = if *accounts == 1 {
        "其中".to_owned()
    } else {
        format!("共{}条，其中", grouped(*copies, ','))
    };
    Some(match (*none, *altered) {
        (0, 0) => return None,
        (0, _) => format!("{among}{leads_nowhere}。"),
        (all, 0) if all == *copies => "均未注明来源。".into(),
        (_, 0) => format!("{among}{none_of}条未注明来源。"),
        (_, _) => format!("{among}{none_of}条未注明来源；{leads_nowhere}。"),
    })
}

fn topic(topic: Topic) -> &'static str {
    match topic {
        Topic::Culture => "内容以文化为主。",
        Topic::Politics => "内容以政治为主。",
        Topic::Economy => "内容以经济为主。",
        Topic::Sport => "内容以体育为主。",
        Topic::Mixed => "内容不限于某一主题。",
    }
}

fn so_far(so_far: SoFar) -> String {
    let objections = so_far.objections.map(|n| format!("收到异议{n}项，")).unwrap_or_default();
    format!("迄今：共列出账号{}个，{objections}收回说法{}项。", so_far.named, so_far.withdrawn)
}

/// What we wrote, behind "我们曾写道".
fn claim(wrong: &Wrong<'_>) -> String {
    let outlet = wrong.outlet;
    let who = wrong.who.map_or_else(|| "某账号".to_owned(), |handle| format!("{handle} "));
    match wrong.said {
        Said::Official => format!("{who}是 {outlet} 的官方账号"),
        Said::Attested => format!("{who}自称属于 {outlet}，并有来源佐证"),
        Said::Undisclosed => format!("{who}似与 {outlet} 有关联"),
        Said::LookAlike => format!("{who}仿冒 {outlet}"),
        Said::Change => format!("{outlet} 的{who}有变化"),
        Said::Other => format!("{who}与 {outlet} 的关系"),
    }
}
