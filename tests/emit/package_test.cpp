// What an emitted folder holds, and that compilers for the host accept it.
#include <cctype>
#include <set>

#include "tests/emit/support.hpp"

namespace smelt {
namespace {

using namespace test;

/// One translation unit with all models: their runtime headers are the same and guarded.
std::string unit_of(const std::map<std::string, Compiled>& models) {
  std::string text;
  for (const auto& [name, c] : models) text += "#include \"" + name + "/" + name + ".cpp\"\n";
  return text;
}

class Compilers : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Host, Compilers, ::testing::Values("g++", "clang++"),
                         [](const auto& info) { return std::string(info.param[0] == 'g' ? "Gcc" : "Clang"); });

// With optimization, as some warnings come from what the optimizer finds.
TEST_P(Compilers, BundledModelsCompileWithoutWarning) {
  SKIP_WITHOUT(GetParam());
  const std::map<std::string, Compiled> models = all_models();
  const verify::TempDir temp;
  write_all(models, temp.path());
  std::vector<std::string> command = std::vector<std::string>{GetParam()} + warnings + std::vector<std::string>{"-O2", "-c"};
  for (const auto& [name, c] : models) command.push_back(name + "/" + name + ".cpp");
  const verify::Ended ended = call(command, temp.path());
  EXPECT_EQ(ended.status, 0) << ended.output;
}

TEST_P(Compilers, EveryOperatorCompilesWithoutWarning) {
  SKIP_WITHOUT(GetParam());
  const std::map<std::string, Compiled> models = one_of_each_operator();
  EXPECT_GT(models.size(), 60U);
  const verify::TempDir temp;
  write_all(models, temp.path());
  write_text(temp.path() / "all.cpp", unit_of(models));
  const verify::Ended ended = call(std::vector<std::string>{GetParam()} + warnings + pedantic + std::vector<std::string>{"-O1", "-c", "all.cpp"}, temp.path());
  EXPECT_EQ(ended.status, 0) << ended.output;
}

TEST_P(Compilers, HeadersAreCAndCpp) {
  SKIP_WITHOUT(GetParam());
  const std::map<std::string, Compiled> models = all_models();
  const verify::TempDir temp;
  write_all(models, temp.path());
  std::string c, cpp;
  for (const auto& [name, m] : models) {
    const std::string upper_name = [&, n = name]() mutable {
      for (char& ch : n) ch = static_cast<char>(std::toupper(static_cast<unsigned char>(ch)));
      return n;
    }();
    c += "#include \"" + name + "/" + name + ".h\"\n" + upper_name + "_STATIC_ARENA(" + name + "_arena);\n" + "uint8_t* " + name +
         "_use(void);\nuint8_t* " + name + "_use(void) { return " + name + "_arena; }\n";
    cpp += "#include \"" + name + "/" + name + ".hpp\"\nstatic " + name + "::Model a_" + name + ";\nvoid* use_" + name +
           "() { return a_" + name + ".context(); }\n";
  }
  write_text(temp.path() / "all.c", c);
  write_text(temp.path() / "all.cpp", cpp);
  const std::string c_compiler = std::string(GetParam()) == "g++" ? "gcc" : "clang";
  for (const char* standard : {"-std=c99", "-std=c11"}) {
    const verify::Ended ended = call({c_compiler, standard, "-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only", "all.c"}, temp.path());
    EXPECT_EQ(ended.status, 0) << standard << "\n" << ended.output;
  }
  const verify::Ended ended = call(std::vector<std::string>{GetParam()} + warnings + std::vector<std::string>{"-pedantic", "-O2", "-c", "all.cpp"}, temp.path());
  EXPECT_EQ(ended.status, 0) << ended.output;
  // A static Model is zeros until it is used: nothing runs before main.
  const verify::Ended sections = call({"readelf", "-SW", "all.o"}, temp.path());
  EXPECT_EQ(sections.output.find(".init_array"), std::string::npos);
  EXPECT_EQ(sections.output.find(".ctors"), std::string::npos);
}

TEST(Package, HoldsWhatAUserNeeds) {
  const Compiled c = compiled(fs::path(SMELT_SOURCE_DIR) / "examples/tones/tones.tflite");
  const Package p = package_of(c.program, "kws");
  for (const char* file : {"kws.hpp", "kws.h", "kws.cpp", "CMakeLists.txt", "README.md", "LICENSE", "runtime/core.hpp", "runtime/mem.hpp"}) {
    EXPECT_EQ(p.count(file), 1U) << file;
  }
  EXPECT_EQ(p.count("runtime/ops/softmax.hpp"), 1U);
  EXPECT_EQ(p.count("runtime/ops/resize.hpp"), 0U);  // only what it uses
  EXPECT_NE(p.at("LICENSE").find("Apache License"), std::string::npos);
  for (const auto& [path, text] : p) EXPECT_EQ(text.find(SMELT_SOURCE_DIR), std::string::npos) << path;

  const Package single = package_of(c.program, "kws", true);
  std::set<std::string> files;
  for (const auto& [path, text] : single) files.insert(path);
  EXPECT_EQ(files, (std::set<std::string>{"kws.cpp", "kws.hpp"}));
  EXPECT_EQ(single.at("kws.cpp").find("#include \"runtime"), std::string::npos);
}

/// Functions, macros and methods that the page names are those of the package.
void expect_true_readme(const Package& p) {
  const std::string& readme = p.at("README.md");
  const std::string header = p.at("kws.h") + p.at("kws.hpp");
  int names = 0;
  std::string word;
  for (const char c : readme) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.') {
      word += c;
      continue;
    }
    if (word.rfind("model.", 0) == 0) word = " " + word.substr(6) + "(";
    if (word.rfind("kws_", 0) == 0 || word.rfind("KWS_", 0) == 0 || word.rfind(' ', 0) == 0) {
      EXPECT_NE(header.find(word), std::string::npos) << word;
      ++names;
    }
    word.clear();
  }
  EXPECT_GE(names, 6);
  EXPECT_EQ(readme.find('@'), std::string::npos) << "a mark that was not filled in";
}

TEST(Package, ReadmeTellsTheTruth) {
  const fs::path file = fs::path(SMELT_SOURCE_DIR) / "examples/tones/tones.tflite";
  const Package p = package_of(compiled(file).program, "kws");
  expect_true_readme(p);
  EXPECT_NE(p.at("README.md").find("| input 0 | `int8_t` 1x16x8x1 | 128 | real = 0.003921569f * (stored + 128) |\n"), std::string::npos)
      << p.at("README.md");
  expect_true_readme(package_of(compiled(fs::path(SMELT_SOURCE_DIR) / "tests/models/two_inputs.tflite").program, "kws"));

  Graph graph = *read_model(file.string());
  PassLog log;
  run_passes(graph, log);
  LowerOptions options;
  options.push = true;
  const Result<Program> pushed = lower(std::move(graph), options);
  ASSERT_TRUE(pushed);
  const Package rows = package_of(*pushed, "kws");
  expect_true_readme(rows);
  EXPECT_NE(rows.at("README.md").find("kws_push_row"), std::string::npos);
}

TEST(Package, TheSameInputGivesTheSameBytes) {
  const verify::TempDir temp;
  const fs::path model = fs::path(SMELT_SOURCE_DIR) / "examples/tones/tones.tflite";
  fs::create_directories(temp.path() / "elsewhere");
  fs::copy_file(model, temp.path() / "elsewhere" / "tones.tflite");
  const Package here = package_of(compiled(model).program, "tones");
  EXPECT_EQ(here, package_of(compiled(model).program, "tones"));
  EXPECT_EQ(here, package_of(compiled(temp.path() / "elsewhere" / "tones.tflite").program, "tones"));
  for (const auto& [name, c] : all_models()) EXPECT_EQ(package_of(c.program, name), package_of(c.program, name)) << name;
}

TEST(Package, IdentifiersAreNoKeywordsAndNoNamesOfTheLibrary) {
  EXPECT_EQ(identifier("DS-CNN v2"), "ds_cnn_v2");
  EXPECT_EQ(identifier("2nd"), "m2nd");
  EXPECT_EQ(identifier("__"), "model");
  EXPECT_EQ(identifier(""), "model");
  EXPECT_EQ(identifier("\xC3\xA9"), "model");
  // Each must open a namespace beside the C library's headers.
  SKIP_WITHOUT("g++");
  std::string text = "#include <ctime>\n#include <cmath>\n#include <cstdio>\n#include <cstdlib>\n#include <csignal>\n#include <cstring>\n"
                     "#include <strings.h>\n#include <unistd.h>\n#include <complex.h>\n";
  for (const char* word : {"class", "concept", "constexpr", "nullptr", "static_assert", "xor_eq", "char8_t", "co_await", "linux", "unix", "main",
                           "time", "index", "signal", "sin", "gamma", "test", "kws", "std", "smelt", "y0", "j1", "read", "printf", "static_cast",
                           "typename", "noexcept", "asm", "wchar_t", "requires", "export", "errno", "stdin", "i386", "abs", "div", "random"}) {
    text += "namespace " + identifier(word) + " { int " + identifier(word) + "_x; }\n";
  }
  const verify::TempDir temp;
  write_text(temp.path() / "names.cpp", text + "int main() {}\n");
  for (const char* standard : {"-std=gnu++17", "-std=c++20"}) {
    const verify::Ended ended = call({"g++", standard, "-fsyntax-only", "names.cpp"}, temp.path());
    EXPECT_EQ(ended.status, 0) << ended.output;
  }
}

}  // namespace
}  // namespace smelt
