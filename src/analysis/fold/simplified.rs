//! Traditional Chinese letters and the simplified ones that stand for them in the news.

/// Pairs of a traditional and a simplified letter: those that are frequent in news and written apart. A letter
/// that is not here stays itself and is compared as it is.
const PAIRS: &str = "萬万與与專专業业東东絲丝兩两嚴严喪丧個个豐丰臨临為为麗丽舉举義义烏乌樂乐喬乔習习鄉乡書书買买亂乱爭争於于虧亏雲云\
亞亚產产畝亩親亲億亿僅仅從从倉仓儀仪們们價价眾众優优會会傘伞偉伟傳传傷伤倫伦偽伪體体餘余傭佣償偿儲储兒儿黨党蘭兰關关興兴養养獸兽岡冈冊册寫写軍军農农馮冯沖冲決决況况凍冻淨净涼凉減减\
湊凑鳳凤憑凭凱凯擊击劃划劉刘則则剛刚創创刪删別别劑剂劍剑劇剧勸劝辦办務务動动勵励勁劲勞劳勢势勝胜華华協协單单賣卖盧卢衛卫卻却廠厂廳厅歷历厲历壓压廁厕廂厢廈厦廚厨縣县參参雙双發发變变敘叙葉叶號号嘆叹\
嚇吓呂吕嗎吗啟启員员聽听嗚呜響响哋哋問问啞哑嘩哗喚唤圍围園园國国圖图圓圆聖圣場场壞坏塊块堅坚壇坛壩坝墳坟墜坠壟垄壘垒墊垫牆墙壯壮聲声殼壳壺壶處处備备復复夠够頭头夾夹奪夺奮奋獎奖奧奥婦妇媽妈\
姍姗孫孙學学寧宁寶宝實实寵宠審审憲宪宮宫寬宽賓宾對对尋寻導导將将爾尔塵尘嘗尝層层屬属岁岁歲岁豈岂嶼屿島岛嶺岭峽峡幣币帥帅師师帳帐帶带幫帮庫库應应廟庙慶庆廣广開开異异棄弃張张彌弥彎弯彈弹強强歸归\
當当錄录徹彻徑径後后憶忆懷怀態态憐怜總总戀恋惡恶懸悬驚惊懼惧慘惨慣惯憤愤願愿懶懒戲戏戰战戶户撲扑執执擴扩掃扫揚扬擾扰撫抚拋抛搶抢護护報报擔担擬拟攏拢揀拣擁拥攔拦撥拨擇择掛挂摯挚揮挥撈捞損损換换據据\
擄掳攝摄擺摆搖摇攤摊敵敌數数齋斋鬥斗斬斩斷断無无舊旧時时曠旷晝昼顯显曉晓曬晒暫暂術术樸朴機机殺杀雜杂權权條条來来楊杨極极構构槍枪棗枣櫃柜樹树樣样橋桥檢检樓楼標标棟栋欄栏歐欧歡欢歲岁殘残殯殡畢毕\
氣气氫氢漢汉湯汤溝沟沒没灣湾濕湿滄沧滅灭溫温測测濟济渾浑濃浓濤涛澇涝漲涨淚泪潔洁澤泽洩泄瀏浏灑洒燈灯靈灵災灾爐炉點点煉炼燦灿爛烂煙烟煩烦燒烧熱热愛爱爺爷牽牵犧牺狀状猶犹獨独獲获獵猎獻献瑪玛環环現现\
電电畫画暢畅療疗瘋疯癢痒皺皱盤盘蓋盖監监鹽盐盜盗著着矯矫礦矿碼码確确禮礼禍祸種种積积稱称穩稳窮穷竊窃競竞筆笔築筑簡简籃篮類类糧粮糾纠紀纪約约紅红級级紛纷純纯紙纸線线練练組组細细織织終终經经結结給给絕绝\
統统絡络繼继續续維维綠绿綜综網网緊紧緒绪編编緣缘縮缩績绩罷罢羅罗罰罚職职聯联聞闻肅肃腸肠膚肤腫肿脅胁勝胜腦脑臉脸艦舰艙舱藝艺節节蘇苏蘋苹莊庄藥药薩萨藍蓝虛虚蟲虫補补裝装襲袭製制規规視视覽览覺觉觸触誤误說说\
話话該该詳详語语請请讀读課课調调談谈論论設设訪访許许評评識识證证詞词試试詩诗誠诚譯译議议護护讓让記记訊讯討讨訓训託托診诊計计訂订認认讚赞貝贝負负財财責责賢贤敗败貨货質质販贩貪贪貧贫購购貿贸賀贺費费資资賽赛\
贊赞贈赠贏赢趙赵趕赶躍跃軌轨軟软輕轻載载輛辆輪轮輸输轉转辭辞邊边達达遷迁過过運运還还這这進进遠远違违連连遲迟適适選选遺遗鄧邓鄭郑鄰邻醫医釀酿釋释裡里裏里鑒鉴針针釣钓鋼钢鐵铁銀银鏡镜鐘钟錢钱鏈链長长門门閃闪閉闭\
間间閱阅陽阳陰阴陣阵階阶際际陸陆陳陈隊队隨随險险隱隐難难雖虽離离電电霧雾靜静韓韩頁页頂顶項项順顺須须預预領领頻频題题顏颜額额風风飛飞飯饭飲饮館馆馬马駐驻駕驾驗验騎骑騙骗驅驱魚鱼鮮鲜鳥鸟雞鸡麥麦黃黄齊齐齒齿龍龙龜龟臺台";

/// The simplified letter that stands for a traditional one; every other character stays itself.
pub(super) fn of(character: char) -> char {
    // Almost all text that is folded has no letter of these blocks; what has is looked up in some microseconds.
    if !('\u{4e00}'..='\u{9fff}').contains(&character) {
        return character;
    }
    let mut letters = PAIRS.chars();
    while let (Some(traditional), Some(simplified)) = (letters.next(), letters.next()) {
        if traditional == character {
            return simplified;
        }
    }
    character
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_has_its_pair_and_no_simplified_one_is_changed_again() {
        let letters: Vec<char> = PAIRS.chars().collect();
        assert!(letters.len().is_multiple_of(2));
        for pair in letters.chunks(2) {
            assert_eq!(of(of(pair[0])), of(pair[0]), "{}{}", pair[0], pair[1]);
            assert_eq!(of(pair[1]), pair[1], "{}{}", pair[0], pair[1]);
        }
        assert_eq!("中國新聞社".chars().map(of).collect::<String>(), "中国新闻社");
    }
}
