// Emitted code and the toolchains of its targets: it needs nothing, starts nothing, and links without any library.
#include <set>
#include <sstream>

#include "targets/target.hpp"
#include "tests/emit/support.hpp"
#include "verify/build.hpp"

namespace smelt {
namespace {

using namespace test;

class Toolchain : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const Result<targets::Target> target = targets::load_target(GetParam());
    ASSERT_TRUE(target) << target.failure().to_string();
    compiler = target->compiler.command;
    flags = verify::compile_flags(*target);
    if (!there(compiler)) GTEST_SKIP() << compiler << " is not installed";
    models = all_models();
    write_all(models, temp.path());
    std::string nm_path = call({compiler, "-print-prog-name=nm"}, temp.path()).output;
    nm = nm_path.substr(0, nm_path.find('\n'));
  }

  std::vector<std::string> sources() const {
    std::vector<std::string> files;
    for (const auto& [name, c] : models) files.push_back(name + "/" + name + ".cpp");
    return files;
  }

  /// Names of the symbols of `kinds` ("U", "BbDd") in an object.
  std::set<std::string> symbols(const std::string& file, const std::string& kinds) {
    std::istringstream lines(call({nm, file}, temp.path()).output);
    std::set<std::string> found;
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::vector<std::string> word;
      for (std::string w; words >> w;) word.push_back(w);
      if (word.size() >= 2 && word[word.size() - 2].size() == 1 && kinds.find(word[word.size() - 2]) != std::string::npos) found.insert(word.back());
    }
    return found;
  }

  std::string compiler, nm;
  std::vector<std::string> flags;
  std::map<std::string, Compiled> models;
  verify::TempDir temp;
};
INSTANTIATE_TEST_SUITE_P(Emit, Toolchain, ::testing::Values("cortex-m4", "cortex-m0plus", "rv32imac"), [](const auto& info) {
  std::string name = info.param;
  name.erase(std::remove(name.begin(), name.end(), '-'), name.end());
  return name;
});

TEST_P(Toolchain, CompilesWithoutWarningAndNeedsNothing) {
  const verify::Ended built = call(std::vector<std::string>{compiler} + flags + warnings + std::vector<std::string>{"-c"} + sources(), temp.path());
  ASSERT_EQ(built.status, 0) << built.output;
  for (const auto& [name, c] : models) {
    SCOPED_TRACE(name);
    const std::string object = name + ".o";
    for (const std::string& symbol : symbols(object, "U")) {
      const bool memory = symbol == "memcpy" || symbol == "memmove" || symbol == "memset";
      EXPECT_TRUE(memory || symbol.rfind("__", 0) == 0) << symbol;  // libgcc's begin with two underscores
      for (const char* not_ours : {"__cxa", "__dso", "__atexit", "__gxx", "__stack_chk"}) EXPECT_NE(symbol.rfind(not_ours, 0), 0U) << symbol;
    }
    EXPECT_EQ(symbols(object, "BbDdCGgSs"), std::set<std::string>{}) << "data at run time";
    const verify::Ended dump = call({nm.substr(0, nm.size() - 2) + "objdump", "-h", object}, temp.path());
    ASSERT_EQ(dump.status, 0) << dump.output;
    std::istringstream lines(dump.output);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string index, section, size;
      words >> index >> section >> size;
      for (const char* no : {".init_array", ".ctors", ".preinit_array", ".tbss", ".tdata"}) EXPECT_NE(section.rfind(no, 0), 0U) << line;
      if (section.rfind(".data", 0) == 0 || section.rfind(".bss", 0) == 0 || section.rfind(".sdata", 0) == 0) {
        EXPECT_EQ(std::stoul(size, nullptr, 16), 0U) << line;
      }
    }
    EXPECT_EQ(dump.output.find("_ZGV"), std::string::npos);  // no guard variables
  }
}

// All models of this test in one program, all of their functions kept.
TEST_P(Toolchain, LinksWithoutAnyLibrary) {
  const std::vector<std::string> build = std::vector<std::string>{compiler} + flags + std::vector<std::string>{"-DSMELT_PROVIDE_MEM", "-nostdlib", "-nostartfiles",
                                          "-Wl,--entry=0", "-Wl,--fatal-warnings", "-Wl,--no-undefined"};
  const verify::Ended linked = call(build + sources() + std::vector<std::string>{"-lgcc", "-o", "image"}, temp.path());
  ASSERT_EQ(linked.status, 0) << linked.output;
  EXPECT_EQ(symbols("image", "U"), std::set<std::string>{});
  const std::set<std::string> defined = symbols("image", "TtWw");
  EXPECT_EQ(defined.count("tones_invoke"), 1U);
  EXPECT_EQ(defined.count("memcpy"), 1U);
}

// In the package's own CMake project, as a user of a bare-metal toolchain builds it.
TEST_P(Toolchain, BuildsThroughItsOwnCMakeLists) {
  std::string all_flags;
  const Result<targets::Target> target = targets::load_target(GetParam());
  for (const std::string& f : target->compiler.flags) all_flags += f + " ";
  verify::Ended done = call({"cmake", "-S", "tones", "-B", "build", "-DCMAKE_SYSTEM_NAME=Generic", "-DCMAKE_CXX_COMPILER=" + compiler,
                             "-DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY", "-DCMAKE_CXX_FLAGS=" + all_flags + "-Wall -Wextra -Werror", "-DSMELT_PROVIDE_MEM=ON"},
                            temp.path());
  ASSERT_EQ(done.status, 0) << done.output;
  done = call({"cmake", "--build", "build"}, temp.path());
  ASSERT_EQ(done.status, 0) << done.output;
  EXPECT_TRUE(fs::exists(temp.path() / "build/libtones.a"));
}

// No emulator of this core is here: that its compiler takes every model and every kernel is what can be said of it.
TEST(SlowXtensa, EveryModelAndOperatorCompiles) {
  const std::string compiler = "xtensa-lx106-elf-g++";
  SKIP_WITHOUT(compiler.c_str());
  const verify::TempDir temp;
  std::map<std::string, Compiled> models = all_models();
  for (auto& [name, c] : one_of_each_operator()) models.emplace(name, std::move(c));
  ASSERT_GT(models.size(), 70U);
  write_all(models, temp.path());
  const std::vector<std::string> base = std::vector<std::string>{compiler} + warnings +
                                        std::vector<std::string>{"-ffreestanding", "-fno-exceptions", "-fno-rtti", "-c"};
  for (const char* level : {"-Os", "-O2"}) {
    std::vector<std::string> command = base + std::vector<std::string>{level};
    for (const auto& [name, c] : models) command.push_back(name + "/" + name + ".cpp");
    const verify::Ended built = call(command, temp.path());
    EXPECT_EQ(built.status, 0) << level << built.output;
  }
}

}  // namespace
}  // namespace smelt
