//! Chinese: a few kinds of harmless events, and what people say about them.

use super::{Event, Language, number};
use crate::sandbox::random::Random;

pub const LANGUAGE: Language = Language {
    voices: &[
        "“我小时候数过{n}个，”{who}说。",
        "{who}走了{n}公里，从{city}赶来。",
        "“再给我{k}个冬天，”{who}笑道。",
        "{who}家里还存着{year}年的{n}件{thing}。",
    ],
    endings: &[
        "活动将移到{city}，带去{n}件{thing}。",
        "{year}年来了{mil}人，今年更多。",
        "门票{k}元，可看{n}件{thing}。",
        "{city}的{n}名邻居义务帮忙。",
    ],
    space: "",
    length: (70, 130),
};

pub const EVENTS: [Event; 4] = [
    Event {
        titles: &["{city}建成{n}米步行桥", "{city}一座桥省下{n}分钟"],
        leads: &[
            "经过{k}年施工，{city}一座{n}米长的桥通行，{who}走在最前。",
            "{city}日前用{n}块木板铺成一座桥，{who}带来{k}件{thing}。",
        ],
        facts: &["{n}根钢索共重{mil}吨。", "{who}数过全部{n}颗螺栓。"],
    },
    Event {
        titles: &["{city}展出{n}件{thing}", "{who}捐出{k}件{thing}"],
        leads: &[
            "{city}博物馆开放新厅，{n}件{thing}由{who}用{k}年修好。",
            "{city}一口{year}年的井里取出{n}件{thing}，{who}在场。",
        ],
        facts: &["最大的一件重{n}公斤，装了{k}箱。", "{who}认出{n}个字。"],
    },
    Event {
        titles: &["{mil}只鹤飞抵{city}", "{who}一夜数了{n}只野鸭"],
        leads: &[
            "首批{n}只鹤到达{city}，比{year}年早{k}天。",
            "{who}在{city}芦苇荡给{n}只鸟戴上环，用了{k}夜。",
        ],
        facts: &["其中一只飞了{mil}公里。", "{n}名志愿者守了{k}夜。"],
    },
    Event {
        titles: &["{city}放飞{n}米长风筝", "{who}扎出{k}尾风筝"],
        leads: &[
            "{who}在{city}放飞一只{n}米长的风筝，要{k}双手才拉得住。",
            "{k}个村的{n}只风筝在{city}相会，{who}说线缠了。",
        ],
        facts: &["线长{mil}米，断过{k}次。", "竹条只重{n}克，丝来自{city}。"],
    },
];

/// Slots about an invented country in the east.
pub fn east(slot: &str, random: &mut Random) -> String {
    match slot {
        "city" => format!(
            "{}{}{}",
            random.pick(&CHARACTERS),
            random.pick(&CHARACTERS),
            random.pick(&["镇", "县", "村", "市"])
        ),
        "who" => {
            format!("{}{}{}", random.pick(&SURNAMES), random.pick(&CHARACTERS), random.pick(&CHARACTERS))
        }
        "n" => number(random, 12, 980).to_string(),
        "k" => number(random, 3, 29).to_string(),
        "mil" => number(random, 2100, 89_000).to_string(),
        "year" => number(random, 1871, 2025).to_string(),
        "thing" => random.pick(&THINGS).to_string(),
        other => unreachable!("`{other}` is no slot of the Chinese patterns"),
    }
}

const CHARACTERS: [&str; 30] = [
    "样", "范", "例", "洛", "伦", "伊", "普", "多", "阿", "梅", "康", "塞", "青", "兰", "柏", "松", "溪",
    "云", "岚", "禾", "竹", "霁", "汀", "棠", "岳", "澄", "霖", "榆", "桐", "湖",
];
const SURNAMES: [&str; 12] = ["李", "王", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙"];
const THINGS: [&str; 10] = ["灯笼", "鼓", "风筝", "陶罐", "旧地图", "铜铃", "面具", "织机", "印章", "纸伞"];
