// Where labels come from.
#include "dataset/labels.hpp"

#include "tests/dataset/support.hpp"

namespace smelt::dataset {
namespace {

using namespace test;

class Labels : public Folder {
 protected:
  std::string label(const LabelOptions& options, const std::string& file, Named* named = nullptr) const {
    const Result<Labeller> l = Labeller::make(options, {root_});
    if (!l) return l.failure().diagnostics[0].code;
    const Result<Named> n = l->of(root_ / file);
    if (n && named != nullptr) *named = *n;
    return n ? n->label : n.failure().diagnostics[0].code;
  }
};

TEST(Patterns, TakeAsLittleAsFits) {
  const auto of = [](const std::string& pattern, const std::string& path) {
    const Result<Named> n = match(pattern, path);
    return n ? n->label + "|" + n->group : n.failure().diagnostics[0].code;
  };
  EXPECT_EQ(of("{_}-{_}-{_}-{label}.csv", "/d/200Hz_5Vfan-1-vd1-clog.csv"), "clog|");
  EXPECT_EQ(of("{label}_{group}_{_}.wav", "7_george_12.wav"), "7|george");
  EXPECT_EQ(of("{label}.csv", "a.b.csv"), "a.b|");
  EXPECT_EQ(of("{group}/{label}/{_}.wav", "/x/anna/yes/1.wav"), "yes|anna");
  EXPECT_EQ(of("x{label}", "xyz"), "yz|");
  EXPECT_EQ(of("{label}_{_}.wav", "7.wav"), "E1021");
  EXPECT_EQ(of("{label}_{_}.wav", "_7.wav"), "E1021") << "never empty";
  EXPECT_EQ(of("{label}.wav", "7.csv"), "E1021");
  EXPECT_EQ(of("{label}{group}.wav", "ab.wav"), "E1021");
  EXPECT_EQ(of("{lable}.wav", "ab.wav"), "E1021");
  EXPECT_EQ(of("{label.wav", "ab.wav"), "E1021");
}

TEST_F(Labels, Folders) {
  EXPECT_EQ(label({}, "yes/1.wav"), "yes");
  EXPECT_EQ(label({}, "1.wav"), "") << "the named folder itself is no label";
  LabelOptions o;
  o.label_from = "folder";
  EXPECT_EQ(label(o, "yes/1.wav"), "yes");
  o.label_from = "none";
  EXPECT_EQ(label(o, "yes/1.wav"), "");
  o.label = "no";
  EXPECT_EQ(label(o, "yes/1.wav"), "no");
  Named n;
  o.group_from = "{group}_{_}.wav";
  EXPECT_EQ(label(o, "yes/anna_1.wav", &n), "no");
  EXPECT_EQ(n.group, "anna");
  o.group_from = "nonsense";
  EXPECT_EQ(label(o, "x.wav"), "E1021");
}

TEST_F(Labels, Tables) {
  put("labels.csv", "file,label,group,split\r\na/1.wav,\"yes, sir\",anna,test\r\n2.wav,no,ben,\r\n");
  Named n;
  EXPECT_EQ(label({}, "a/1.wav", &n), "yes, sir");
  EXPECT_EQ(n.group, "anna");
  EXPECT_EQ(n.split, Split::test);
  EXPECT_EQ(label({}, "b/2.wav"), "no") << "by the file's name";
  EXPECT_EQ(label({}, "3.wav"), "E1021");
  LabelOptions o;
  o.label_from = put("other.csv", "name;label\n");
  EXPECT_EQ(label(o, "3.wav"), "E1021") << "no columns";
  o.label_from = (root_ / "absent.csv").string();
  EXPECT_EQ(label(o, "3.wav"), "E0101");
}

TEST_F(Labels, EdgeImpulseExports) {
  put("labels.csv", "file,label\nx,y\n");
  put("info.labels", R"({"version": 1, "files": [
    {"path": "training/idle.1.json", "name": "idle.1", "category": "training", "label": {"type": "label", "label": "idle"}},
    {"path": "testing/snake.2.json", "name": "snake.2", "category": "testing", "label": {"type": "label", "label": "snake"}},
    {"path": "testing/what.json", "category": "testing", "label": {"type": "unlabeled"}}, 7, {"path": 3}]})");
  Named n;
  EXPECT_EQ(label({}, "training/idle.1.json", &n), "idle");
  EXPECT_EQ(n.split, Split::train);
  EXPECT_EQ(label({}, "testing/snake.2.json", &n), "snake");
  EXPECT_EQ(n.split, Split::test);
  EXPECT_EQ(label({}, "testing/what.json"), "");
  put("info.labels", std::string(200000, '['));
  EXPECT_EQ(label({}, "x.json"), "E1021");
}

}  // namespace
}  // namespace smelt::dataset
