-- Harbour & Lantern, a made-up company that sells lamps: its HR database as many look after twenty years.
--
-- Nothing in it is clean, on purpose: account names with capitals and blanks, four ways to say that somebody is still
-- there, a missing gender, a mobile number longer than OMFLOW takes. The mapping in rosterd.yaml and the rules of
-- rosterd deal with that, and what they changed is in the report. All people are invented, all numbers are from the
-- ranges that Ofcom keeps for drama (020 7946 0xxx and 07700 900xxx), and nobody has the domain harbour.example.

CREATE TABLE departments (
  code   VARCHAR(20) PRIMARY KEY,
  name   VARCHAR(100) NOT NULL,
  parent VARCHAR(20)
);

CREATE TABLE employees (
  emp_id        CHAR(5) PRIMARY KEY,
  account       VARCHAR(50) NOT NULL UNIQUE,
  name          VARCHAR(100) NOT NULL,
  name_local    VARCHAR(100),
  mail          VARCHAR(100) NOT NULL UNIQUE,
  dept_code     VARCHAR(20) NOT NULL,
  sex           CHAR(1),
  phone         VARCHAR(40),
  mobile        VARCHAR(40),
  ext           VARCHAR(10),
  company       VARCHAR(100),
  hire_date     CHAR(10) NOT NULL,
  leave_date    CHAR(10),  -- the last day at work; NULL, blank or 0000-00-00 for those who stay
  password_hash VARCHAR(200)
);

-- Second memberships; everybody's first is employees.dept_code.
CREATE TABLE dept_members (
  emp_id    CHAR(5) NOT NULL,
  dept_code VARCHAR(20) NOT NULL,
  PRIMARY KEY (emp_id, dept_code)
);

INSERT INTO departments (code, name, parent) VALUES
  ('HL',       'Harbour & Lantern',  NULL),
  ('LON',      'London Office',      'HL'),
  ('SALES-UK', 'Sales',              'LON'),
  ('DESIGN',   'Lamp Design',        'LON'),
  ('FIN',      'Finance',            'LON'),
  ('PEOPLE',   'People & Culture',   'LON'),
  ('IT',       'IT Services',        'LON'),
  ('TPE',      '台北分公司',          'HL'),
  ('SALES-TW', '業務部',              'TPE'),
  ('RD-TW',    '研發部',              'TPE'),
  ('MFG-TW',   '製造部',              'TPE'),
  ('SUP-TW',   '客戶服務部',          'TPE'),
  ('LOG-TW',   '倉儲物流課',          'TPE'),
  ('TYO',      '東京支社',            'HL'),
  ('SALES-JP', '営業部',              'TYO'),
  ('RD-JP',    '光学技術部',          'TYO'),
  ('SUP-JP',   'サポート課',          'TYO'),
  ('GA-JP',    '総務部',              'TYO');

-- The whole company
INSERT INTO employees
  (emp_id, account, name, name_local, mail, dept_code, sex, mobile, ext, hire_date, leave_date)
VALUES
  ('H1001', 'M.HALE', 'Margaret Hale', NULL, 'margaret.hale@harbour.example', 'HL', 'F', '07700 900101', '101', '1998-04-01', NULL),
  ('H1002', 'e.ashworth', 'Edmund Ashworth', NULL, 'edmund.ashworth@harbour.example', 'HL', 'M', NULL, '102', '2001-09-17', NULL);

-- London
INSERT INTO employees
  (emp_id, account, name, name_local, mail, dept_code, sex, mobile, ext, hire_date, leave_date)
VALUES
  ('H1003', 'p.raman', 'Priya Raman', NULL, 'priya.raman@harbour.example', 'LON', 'F', '+44 7700 900103', '103', '2006-02-13', NULL),
  ('H1004', 'o.thorne ', 'Oliver Thorne', NULL, 'oliver.thorne@harbour.example', 'SALES-UK', 'M', '07700 900104', '104', '2011-05-03', '0000-00-00'),
  ('H1005', 'g.whitfield', 'Grace Whitfield', NULL, 'Grace.Whitfield@Harbour.Example', 'SALES-UK', 'F', NULL, '105', '2014-08-18', NULL),
  ('H1006', 't.barlow', 'Tom Barlow', NULL, 'tom.barlow@harbour.example', 'SALES-UK', 'M', '07700-900-106', '106', '2017-01-09', ''),
  ('H1007', 'a.karim', 'Aisha Karim', NULL, 'aisha.karim@harbour.example', 'SALES-UK', 'F', NULL, '107', '2019-11-25', NULL),
  ('H1008', 'f.doyle', 'Fergus Doyle', NULL, 'fergus.doyle@harbour.example', 'SALES-UK', 'M', NULL, '108', '2020-03-02', NULL),
  ('H1009', 'n.petrov', 'Nadia Petrov', NULL, 'nadia.petrov@harbour.example', 'SALES-UK', 'F', NULL, '109', '2012-06-11', '2021-07-31'),
  ('H1010', 'i.merrick', 'Isla Merrick', NULL, 'isla.merrick@harbour.example', 'DESIGN', 'F', '07700 900110', '110', '2009-10-05', '0000-00-00'),
  ('H1011', 'h.lindqvist', 'Hugo Lindqvist', NULL, 'hugo.lindqvist@harbour.example', 'DESIGN', 'M', NULL, '111', '2015-04-20', NULL),
  ('H1012', 'z.abara', 'Zoe Abara', NULL, 'zoe.abara@harbour.example', 'DESIGN', 'F', NULL, '112', '2018-02-26', NULL),
  ('H1013', 'c.frost', 'Callum Frost', NULL, 'callum.frost@harbour.example', 'DESIGN', 'M', '07700 900113', '113', '2022-09-12', NULL),
  ('H1014', 'JPENROSE', 'Judith Penrose', NULL, 'judith.penrose@harbour.example', 'FIN', 'F', NULL, '114', '2003-01-06', '0000-00-00'),
  ('H1015', 's.oduya', 'Samuel Oduya', NULL, 'samuel.oduya@harbour.example', 'FIN', 'M', NULL, '115', '2013-07-15', NULL),
  ('H1016', 'r.calder', 'Ruth Calder', NULL, 'ruth.calder@harbour.example', 'FIN', 'F', '07700 900116', '116', '2016-12-01', NULL),
  ('H1017', 'p.vance', 'Peter Vance', NULL, 'peter.vance@harbour.example', 'FIN', 'M', NULL, '117', '1999-03-22', '2018-12-31'),
  ('H1018', 'c.winslow', 'Clara Winslow', NULL, 'clara.winslow@harbour.example', 'PEOPLE', 'F', NULL, '118', '2010-11-08', NULL),
  ('H1019', 'd.okafor', 'Daniel "Dan" Okafor', NULL, 'daniel.okafor@harbour.example', 'PEOPLE', 'M', '07700 900119', '119', '2017-06-19', NULL),
  ('H1020', 'm.pryce', 'Megan Pryce', NULL, 'megan.pryce@harbour.example', 'PEOPLE', 'F', NULL, '120', '2023-01-16', NULL),
  ('H1021', 'lsantos01', 'Leo Santos', NULL, 'leo.santos@harbour.example', 'IT', 'M', '07700 900121', '121', '2008-08-04', '0000-00-00'),
  ('H1022', 'h.boyd', 'Harriet Boyd', NULL, 'harriet.boyd@harbour.example', 'IT', 'F', NULL, '122', '2014-03-31', NULL),
  ('H1023', 'v.nair', 'Vikram Nair', NULL, 'vikram.nair@harbour.example', 'IT', 'M', NULL, '123', '2021-05-10', NULL),
  ('H1024', 'e.mcallister', 'Erin Mcallister', NULL, 'erin.mcallister@harbour.example', 'IT', 'F', '07700 900124', '124', '2018-10-22', date('now', '+40 days'));

-- Taipei
INSERT INTO employees
  (emp_id, account, name, name_local, mail, dept_code, sex, mobile, ext, hire_date, leave_date)
VALUES
  ('H1025', 'g.lin', 'Guohua Lin', '林國華', 'guohua.lin@harbour.example', 'TPE', 'M', '+44 7700 900125', '125', '2004-05-17', '0000-00-00'),
  ('H1026', 'y.chen', 'Yating Chen', '陳雅婷', 'yating.chen@harbour.example', 'SALES-TW', 'F', '07700 900126', '126', '2012-03-12', NULL),
  ('H1027', 'c.chang', 'Chiahao Chang', '張家豪', 'chiahao.chang@harbour.example', 'SALES-TW', 'M', NULL, '127', '2013-09-02', NULL),
  ('H1028', 's.huang', 'Shufen Huang', '黃淑芬', 'shufen.huang@harbour.example', 'SALES-TW', 'F', '07700 900128', '128', '2015-07-06', '0000-00-00'),
  ('H1029', 't.lee', 'Tsunghan Lee', '李宗翰', 'tsunghan.lee@harbour.example', 'SALES-TW', 'M', NULL, '129', '2018-04-09', NULL),
  ('H1030', 'p.wu', 'Peishan Wu', '吳佩珊', 'peishan.wu@harbour.example', 'SALES-TW', 'F', NULL, '130', '2020-10-19', ''),
  ('H1031', 'k.liu', 'Kuanting Liu', '劉冠廷', 'kuanting.liu@harbour.example', 'SALES-TW', 'M', '07700 900131', '131', '2023-06-05', NULL),
  ('H1032', 'y.wang', 'Yichun Wang', '王怡君', 'yichun.wang@harbour.example', 'RD-TW', 'F', NULL, '132', '2007-02-26', '0000-00-00'),
  ('H1033', 'm.tsai', 'Mingche Tsai', '蔡明哲', 'mingche.tsai@harbour.example', 'RD-TW', 'M', '07700 900133', '133', '2010-06-21', NULL),
  ('H1034', 'h.yang', 'Hsinyi Yang', '楊欣怡', 'hsinyi.yang@harbour.example', 'RD-TW', 'F', NULL, '134', '2014-11-03', NULL),
  ('H1035', 'c.hsu', 'Chihwei Hsu', '許志偉', 'chihwei.hsu@harbour.example', 'RD-TW', 'M', NULL, '135', '2016-08-15', NULL),
  ('H1036', 'k.cheng', 'Kevin Cheng', '鄭凱文', 'kevin.cheng@harbour.example', 'RD-TW', 'M', '07700 900136', '136', '2019-02-18', NULL),
  ('H1037', 'm.hsieh', 'Mengju Hsieh', '謝孟儒', 'mengju.hsieh@harbour.example', 'RD-TW', 'F', NULL, '137', '2022-03-07', NULL),
  ('H1038', 'm.kuo', 'Meiling Kuo', '郭美玲', 'meiling.kuo@harbour.example', 'MFG-TW', 'F', NULL, '138', '2005-09-12', '0000-00-00'),
  ('H1039', 'c.hung', 'Chunchieh Hung', '洪俊傑', 'chunchieh.hung@harbour.example', 'MFG-TW', 'M', '07700 900139', '139', '2009-04-27', NULL),
  ('H1040', 'h.tseng', 'Huiwen Tseng', '曾惠雯', 'huiwen.tseng@harbour.example', 'MFG-TW', 'F', NULL, '140', '2013-12-16', NULL),
  ('H1041', 'c.chiu', 'Chienhung Chiu', '邱建宏', 'chienhung.chiu@harbour.example', 'MFG-TW', 'M', NULL, '141', '2017-10-30', NULL),
  ('H1042', 'w.liao', 'Wenpin Liao', '廖文彬', 'wenpin.liao@harbour.example', 'MFG-TW', 'M', NULL, '142', '2006-07-24', '2022-02-28'),
  ('H1043', 's.lai', 'Szuying Lai', '賴思穎', 'szuying.lai@harbour.example', 'MFG-TW', 'F', '07700 900143', '143', '2021-08-09', NULL),
  ('H1044', 'h.chou', 'Hsiaohan Chou', '周筱涵', 'hsiaohan.chou@harbour.example', 'SUP-TW', 'F', NULL, '144', '2011-01-17', NULL),
  ('H1045', 'p.yeh', 'Pohan Yeh', '葉柏翰', 'pohan.yeh@harbour.example', 'SUP-TW', 'M', '+44 (0) 7700 - 900 - 145', '145', '2015-05-25', '0000-00-00'),
  ('H1046', 's.su', 'Shihhan Su', '蘇詩涵', 'shihhan.su@harbour.example', 'SUP-TW', 'F', NULL, '146', '2019-07-01', NULL),
  ('H1047', 'y.chuang', 'Yachu Chuang', '莊雅筑', 'yachu.chuang@harbour.example', 'SUP-TW', 'F', NULL, '147', '2024-02-19', NULL),
  ('H1048', 'c.lu', 'Chihhao Lu', '呂志豪', 'chihhao.lu@harbour.example', 'LOG-TW', 'M', NULL, '148', '2008-12-08', '0000-00-00'),
  ('H1049', 'y.chiang', 'Yichen Chiang', '江宜蓁', 'yichen.chiang@harbour.example', 'LOG-TW', 'F', '07700 900149', '149', '2014-06-30', NULL),
  ('H1050', 'c.ho', 'Chenghsien Ho', '何政憲', 'chenghsien.ho@harbour.example', 'LOG-TW', 'M', NULL, '150', '2018-09-24', NULL),
  ('H1051', 'h.lo', 'Hsiaoching Lo', '羅曉青', 'hsiaoching.lo@harbour.example', 'LOG-TW', 'F', NULL, '151', '2010-02-01', '2019-05-31'),
  ('H1052', 's.kao', 'Shihchieh Kao', '高士傑', 'shihchieh.kao@harbour.example', 'LOG-TW', 'M', NULL, '152', '2022-11-14', NULL);

-- Tokyo
INSERT INTO employees
  (emp_id, account, name, name_local, mail, dept_code, sex, mobile, ext, hire_date, leave_date)
VALUES
  ('H1053', 's.takahashi', 'Seiichi Takahashi', '高橋 誠一', 'seiichi.takahashi@harbour.example', 'TYO', 'M', '+44 7700 900153', '153', '2005-04-01', '0000-00-00'),
  ('H1054', 'm.sato', 'Midori Sato', '佐藤 みどり', 'midori.sato@harbour.example', 'SALES-JP', 'F', '07700 900154', '154', '2010-04-01', '0000-00-00'),
  ('H1055', 'd.suzuki', 'Daisuke Suzuki', '鈴木 大輔', 'daisuke.suzuki@harbour.example', 'SALES-JP', 'M', NULL, '155', '2013-04-01', NULL),
  ('H1056', 'y.tanaka', 'Yuko Tanaka', '田中 ゆうこ', 'yuko.tanaka@harbour.example', 'SALES-JP', 'F', NULL, '156', '2016-04-01', NULL),
  ('H1057', 'o.watanabe', 'Osamu Watanabe', '渡辺 修', 'osamu.watanabe@harbour.example', 'SALES-JP', 'M', '07700 900157', '157', '2018-10-01', NULL),
  ('H1058', 's.ito', 'Sakura Ito', '伊藤 さくら', 'sakura.ito@harbour.example', 'SALES-JP', 'F', NULL, '158', '2021-04-01', NULL),
  ('H1059', 't.yamamoto', 'Takashi Yamamoto', '山本 隆', 'takashi.yamamoto@harbour.example', 'RD-JP', 'M', NULL, '159', '2006-10-02', '0000-00-00'),
  ('H1060', 'a.nakamura', 'Akane Nakamura', '中村 あかね', 'akane.nakamura@harbour.example', 'RD-JP', 'F', '07700 900160', '160', '2012-04-02', NULL),
  ('H1061', 'n.kobayashi', 'Naoki Kobayashi', '小林 直樹', 'naoki.kobayashi@harbour.example', 'RD-JP', 'M', NULL, '161', '2015-04-01', NULL),
  ('H1062', 'm.kato', 'Mika Kato', '加藤 ミカ', 'mika.kato@harbour.example', 'RD-JP', 'F', '07700 900162', '162', '2017-04-03', NULL),
  ('H1063', 'r.yoshida', 'Ryo Yoshida', '吉田 亮', 'ryo.yoshida@harbour.example', 'RD-JP', 'M', NULL, '163', '2020-04-01', NULL),
  ('H1064', 'r.yamada', 'Rina Yamada', '山田 里奈', 'rina.yamada@harbour.example', 'RD-JP', 'F', NULL, '164', '2011-04-01', '2023-03-31'),
  ('H1065', 'h.matsumoto', 'Hikari Matsumoto', '松本 ひかり', 'hikari.matsumoto@harbour.example', 'SUP-JP', 'F', NULL, '165', '2009-04-01', '0000-00-00'),
  ('H1066', 'y.inoue', 'Yu Inoue', '井上 悠', 'yu.inoue@harbour.example', 'SUP-JP', NULL, NULL, '166', '2016-10-03', NULL),
  ('H1067', 'a.kimura', 'Aoi Kimura', '木村 葵', 'aoi.kimura@harbour.example', 'SUP-JP', 'F', '07700 900167', '167', '2019-04-01', NULL),
  ('H1068', 'k.hayashi', 'Kenta Hayashi', '林 健太', 'kenta.hayashi@harbour.example', 'SUP-JP', 'M', NULL, '168', '2022-04-01', NULL),
  ('H1069', 'f.saito', 'Fumiko Saito', '斎藤 文子', 'fumiko.saito@harbour.example', 'GA-JP', 'F', NULL, '169', '2007-04-02', '0000-00-00'),
  ('H1070', 't.shimizu', 'Tsuyoshi Shimizu', '清水 剛', 'tsuyoshi.shimizu@harbour.example', 'GA-JP', 'M', '07700 900170', '170', '2013-10-01', NULL),
  ('H1071', 'e.yamazaki', 'Erika Yamazaki', '山崎 エリカ', 'erika.yamazaki@harbour.example', 'GA-JP', 'F', NULL, '171', '2018-04-02', NULL),
  ('H1072', 's.ikeda', 'Shinobu Ikeda', '池田 しのぶ', 'shinobu.ikeda@harbour.example', 'GA-JP', 'F', NULL, '172', '2008-04-01', '2024-06-30'),
  ('H1073', 'h.hashimoto', 'Hiroshi Hashimoto', '橋本 浩', 'hiroshi.hashimoto@harbour.example', 'GA-JP', 'M', NULL, '173', '2014-04-01', NULL),
  ('H1074', 'n.abe', 'Nana Abe', '阿部 なな', 'nana.abe@harbour.example', 'GA-JP', 'F', NULL, '174', '2023-04-03', NULL);

-- Everybody has a direct line that ends in their extension, and belongs to the company of their office.
UPDATE employees SET
  phone = '+44 20 7946 0' || ext,
  company = CASE
    WHEN dept_code IN ('TPE', 'SALES-TW', 'RD-TW', 'MFG-TW', 'SUP-TW', 'LOG-TW') THEN '海灣燈籠股份有限公司'
    WHEN dept_code IN ('TYO', 'SALES-JP', 'RD-JP', 'SUP-JP', 'GA-JP') THEN '株式会社ハーバー&ランタン'
    ELSE 'Harbour & Lantern Ltd'
  END;

-- Mika Kato builds prototypes and helps at the support desk.
INSERT INTO dept_members (emp_id, dept_code)
SELECT emp_id, 'SUP-JP' FROM employees WHERE account = 'm.kato';
