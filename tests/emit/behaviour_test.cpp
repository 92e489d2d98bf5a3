// Emitted code at work on the host, under AddressSanitizer and UBSan: programs/*.cpp compiled with it.
#include <cinttypes>
#include <cstdio>

#include "ops/op.hpp"
#include "tests/emit/support.hpp"
#include "tests/golden.hpp"

namespace smelt {
namespace {

using namespace test;

const fs::path programs = fs::path(SMELT_SOURCE_DIR) / "tests/emit/programs";
const std::vector<std::string> sanitized = {"-std=c++17", "-O0", "-g", "-Wall", "-Wextra", "-Werror", "-ffp-contract=off",
                                            "-fsanitize=address,undefined", "-fno-sanitize-recover=all"};
constexpr uint32_t runs = 3;

std::string upper(std::string s) {
  for (char& c : s) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return s;
}

bool has_floats(const Program& p) {  // what invoke_float exists for
  bool quantized = false;
  for (const auto* ports : {&p.inputs, &p.outputs}) {
    for (const Port& port : *ports) {
      const Tensor& t = p.graph.at(port.tensor);
      const bool q = t.dtype == DType::i8 && t.quant.present();
      if (!q && t.dtype != DType::f32) return false;
      quantized = quantized || q;
    }
  }
  return quantized;
}

/// What programs/exercise.cpp must know of a model: from the program, not from the emitted text.
std::string glue(const Program& p, const std::string& name) {
  std::string arguments, constant = "false";
  for (size_t i = 0; i < p.inputs.size(); ++i) arguments += ", IN(" + std::to_string(i) + ")";
  for (size_t i = 0; i < p.outputs.size(); ++i) {
    arguments += ", OUT(" + std::to_string(i) + ")";
    if (p.outputs[i].constant) constant += " || (i) == " + std::to_string(i);
  }
  int64_t steps = 0;
  for (const Lowered& l : p.operations) steps += l.steps;
  return "#include \"" + name + ".hpp\"\n#define MODEL " + name + "\n#define NAME " + upper(name) +
         "\n#define INVOKE_ARGUMENTS(IN, OUT) " + arguments.substr(2) + "\n#define CONSTANT_OUTPUT(i) (" + constant +
         ")\n#define OPERATIONS " + std::to_string(p.operations.size()) + "\n#define STEPS " + std::to_string(steps) +
         "\n#define HAS_FLOAT_API " + (has_floats(p) ? "1" : "0") + "\n#define RUNS " + std::to_string(runs) + "\n";
}

/// The descriptors as exercise.cpp prints them: from the model as it was read.
std::string descriptors(const Graph& g) {
  const std::map<DType, int> codes = {{DType::i8, 0},  {DType::u8, 1},  {DType::i16, 2},    {DType::i32, 3},
                                      {DType::i64, 4}, {DType::f32, 5}, {DType::boolean, 6}};
  std::string text;
  for (const auto* ports : {&g.inputs, &g.outputs}) {
    for (size_t i = 0; i < ports->size(); ++i) {
      const Tensor& t = g.at((*ports)[i]);
      char line[512];
      std::snprintf(line, sizeof line, "%s \"%s\" type %d bytes %" PRId64 " scale %.9g zero %d shape", ports == &g.inputs ? "input" : "output",
                    t.name.c_str(), codes.at(t.dtype), t.bytes(), t.quant.present() ? static_cast<double>(t.quant.scale[0]) : 0.0,
                    t.quant.present() ? t.quant.zero_point[0] : 0);
      text += line;
      for (int32_t d : t.shape) text += " " + std::to_string(d);
      if (ports == &g.outputs && i == 0) {
        for (const std::string& l : g.labels) text += " [" + l + "]";
      }
      text += "\n";
    }
  }
  return text;
}

/// Builds and runs exercise.cpp with a package; its outputs must be the oracle's (floats: the interpreter's, bit by bit, and
/// the oracle's within the tolerance).
void exercise(const std::string& compiler, const Compiled& c, const std::string& name, bool single_file) {
  SCOPED_TRACE(name);
  const verify::TempDir temp;
  const fs::path& here = temp.path();
  write(package_of(c.program, name, single_file), here);
  write_text(here / "glue.inc", glue(c.program, name));
  Bytes inputs;
  std::vector<std::vector<Bytes>> all;
  for (uint32_t r = 0; r < runs; ++r) {
    all.push_back(some_inputs(c.program, r));
    for (const Bytes& b : all.back()) inputs.insert(inputs.end(), b.begin(), b.end());
  }
  write_text(here / "in.bin", std::string(inputs.begin(), inputs.end()));
  const verify::Ended built =
      call(std::vector<std::string>{compiler} + sanitized + std::vector<std::string>{"-I.", (programs / "exercise.cpp").string(), name + ".cpp", "-o", "program"}, here);
  ASSERT_EQ(built.status, 0) << built.output;
  const verify::Ended ran = call({(here / "program").string(), "in.bin", "out.bin"}, here);
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_EQ(ran.output, descriptors(c.original));

  const Bytes outputs = read_bytes(here / "out.bin");
  size_t at = 0;
  for (uint32_t r = 0; r < runs; ++r) {
    const std::vector<Value> values = evaluate(c.original, all[r]);
    const std::vector<Bytes> interpreted = Interpreter(c.program).run(all[r]);
    for (size_t o = 0; o < c.original.outputs.size(); ++o) {
      const Tensor& type = c.original.at(c.original.outputs[o]);
      const auto size = static_cast<size_t>(type.bytes());
      ASSERT_LE(at + size, outputs.size());
      const Bytes got(outputs.begin() + static_cast<int64_t>(at), outputs.begin() + static_cast<int64_t>(at + size));
      at += size;
      EXPECT_EQ(got, interpreted[o]) << "run " << r << ", output " << o;
      if (name != "floats_inside") {  // a rounding of floats may fall the other way there
        EXPECT_TRUE(same(type, values[static_cast<size_t>(c.original.outputs[o])].bytes, got)) << "run " << r;
      }
    }
  }
  EXPECT_EQ(at, outputs.size());
}

class EveryModel : public ::testing::TestWithParam<std::string> {};

std::vector<std::string> model_names() {
  std::vector<std::string> names = {"tones", "constant_output", "nothing_to_do", "floats_inside"};
  for (const std::string& file : golden_files("models")) names.push_back(identifier(fs::path(file).stem().string()));
  return names;
}

TEST_P(EveryModel, DoesAllThatItsInterfaceOffers) {
  SKIP_WITHOUT("g++");
  static const std::map<std::string, Compiled> models = all_models();
  exercise("g++", models.at(GetParam()), GetParam(), false);
}
INSTANTIATE_TEST_SUITE_P(Emit, EveryModel, ::testing::ValuesIn(model_names()),
                         [](const ::testing::TestParamInfo<std::string>& info) { return info.param; });

TEST(SingleFile, DoesTheSameThroughAnotherCompiler) {
  SKIP_WITHOUT("clang++");
  Compiled c = compiled(fs::path(SMELT_SOURCE_DIR) / "examples/tones/tones.tflite");
  c.original.labels = c.program.graph.labels = {"none", "one \"quoted\" \\", "\xC3\xBC@name@", "what?\?/"};
  exercise("clang++", c, "one", true);
}

TEST(Names, ThatLookLikeOtherThings) {
  SKIP_WITHOUT("g++");
  const Graph graph = compiled_text(constant_output).original;
  for (const char* odd : {"a\"b\\", "*/ // \n#error", "?\?/", "@NAME@ @in@", "\x01\xFF"}) {
    Graph g = graph;
    g.file = std::string(odd) + "\\";
    for (Tensor& t : g.tensors) t.name = odd;
    const Compiled c = lowered(g);
    const verify::TempDir temp;
    write(package_of(c.program, "odd"), temp.path());
    const verify::Ended built =
        call(std::vector<std::string>{"g++"} + warnings + std::vector<std::string>{"-Wpedantic", "-trigraphs", "-fsyntax-only", "odd.cpp"}, temp.path());
    EXPECT_EQ(built.status, 0) << built.output;
  }
}

/// Changes the first number after `mark`.
std::string changed(std::string source, const std::string& mark) {
  const size_t found = source.find(mark);
  EXPECT_NE(found, std::string::npos) << mark;
  if (found == std::string::npos) return source;
  constexpr const char* digits = "0123456789";  // the last one of the integer: the first might lead beyond its type
  const size_t at = source.find_first_not_of(digits, source.find_first_of(digits, source.find("\n", found))) - 1;
  source[at] = source[at] == '1' ? '2' : '1';
  return source;
}

TEST(Selftest, NoticesOneChangedWeight) {
  SKIP_WITHOUT("g++");
  const std::map<std::string, std::string> marks = {{"tones", "{  // op00_weights"}, {"ds_cnn_float", "{  // op00_weights"}, {"dense", "{  // op00_multipliers"}};
  const std::map<std::string, Compiled> models = all_models();
  for (const auto& [name, mark] : marks) {
    SCOPED_TRACE(name);
    const verify::TempDir temp;
    const fs::path source = temp.path() / (name + ".cpp");
    write(package_of(models.at(name).program, name), temp.path());
    const std::vector<std::string> build = {"g++",        "-std=c++17", "-O2", "-ffp-contract=off", "-I.", "-DMODEL=" + name,
                                            "-DNAME=" + upper(name), (programs / "selftest.cpp").string(), name + ".cpp", "-o", "program"};
    ASSERT_EQ(call(build, temp.path()).status, 0);
    EXPECT_EQ(call({(temp.path() / "program").string()}, temp.path()).status, 0);
    const std::string text = read_text(source);
    const std::string other = changed(text, mark);
    ASSERT_NE(other, text);
    write_text(source, other);
    const verify::Ended built = call(build, temp.path());
    ASSERT_EQ(built.status, 0) << built.output;
    EXPECT_EQ(call({(temp.path() / "program").string()}, temp.path()).status, 7);
  }
}

// The weights' checksum says nothing of the tables: the known answer does.
TEST(Selftest, NoticesOneChangedParameter) {
  SKIP_WITHOUT("g++");
  const std::map<std::string, Compiled> models = all_models();
  for (const std::string name : {"tones", "floats_inside"}) {
    SCOPED_TRACE(name);
    const verify::TempDir temp;
    write(package_of(models.at(name).program, name), temp.path());
    const fs::path source = temp.path() / (name + ".cpp");
    std::string text = read_text(source);
    const std::string mark = name == "tones" ? "/*to.offset*/ -255" : "/*scale*/ ";
    const size_t at = text.find(mark);
    ASSERT_NE(at, std::string::npos) << text;
    if (name == "tones") {
      text.replace(at, mark.size(), "/*to.offset*/ -155");
    } else {
      text.replace(at, mark.size(), "/*scale*/ 8388608 + ");  // twice the float
    }
    write_text(source, text);
    const verify::Ended built = call({"g++", "-std=c++17", "-O2", "-ffp-contract=off", "-I.", "-DMODEL=" + name, "-DNAME=" + upper(name),
                                      (programs / "selftest.cpp").string(), name + ".cpp", "-o", "program"},
                                     temp.path());
    ASSERT_EQ(built.status, 0) << built.output;
    EXPECT_EQ(call({(temp.path() / "program").string()}, temp.path()).status, 7);
  }
}

TEST(TwoModels, ShareOneProgramAndOneExecutor) {
  SKIP_WITHOUT("g++");
  const std::map<std::string, Compiled> models = all_models();
  const verify::TempDir temp;
  for (const char* name : {"tones", "branches"}) write(package_of(models.at(name).program, name), temp.path() / name);
  // Through the CMakeLists.txt of each: a user's project adds the folders and links.
  write_text(temp.path() / "CMakeLists.txt", "cmake_minimum_required(VERSION 3.16)\nproject(user CXX)\nadd_subdirectory(tones)\n"
                                             "add_subdirectory(branches)\nadd_executable(user " + (programs / "two.cpp").string() +
                                             ")\ntarget_link_libraries(user tones branches)\n");
  ASSERT_TRUE(there("cmake"));
  verify::Ended done = call({"cmake", "-S", ".", "-B", "build", "-DCMAKE_BUILD_TYPE=Release"}, temp.path());
  ASSERT_EQ(done.status, 0) << done.output;
  done = call({"cmake", "--build", "build"}, temp.path());
  ASSERT_EQ(done.status, 0) << done.output;
  EXPECT_EQ(done.output.find("warning"), std::string::npos) << done.output;
  EXPECT_EQ(call({(temp.path() / "build/user").string()}, temp.path()).status, 0);
  const std::string symbols = call({"nm", (temp.path() / "build/user").string()}, temp.path()).output;
  const size_t first = symbols.find("_ZN5smelt4stepE");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(symbols.find("_ZN5smelt4stepE", first + 1), std::string::npos);
}

}  // namespace
}  // namespace smelt
