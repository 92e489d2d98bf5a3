// kill -9 at any moment of an import: the index opens, and knows whatever was reported.
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

#include <random>
#include <set>

#include "tests/dataset/support.hpp"

namespace smelt::dataset {
namespace {

using namespace test;

class Crash : public Folder {
 protected:
  /// Starts an import, kills it after so long, and answers what it had said by then; `ended` where it was done first.
  std::string killed(const fs::path& in, std::chrono::microseconds after, bool* ended) const {
    int pipe_ends[2];
    EXPECT_EQ(pipe(pipe_ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      if (chdir(in.c_str()) != 0) _exit(9);
      dup2(pipe_ends[1], STDOUT_FILENO);
      dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
      close(pipe_ends[0]);
      close(pipe_ends[1]);
      execl(SMELT_TOOL, "smelt", "data", "import", "../d", "--verbose", nullptr);
      _exit(9);
    }
    close(pipe_ends[1]);
    usleep(static_cast<useconds_t>(after.count()));
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    *ended = WIFEXITED(status);
    EXPECT_TRUE(!*ended || WEXITSTATUS(status) == 0);
    std::string said;
    char buffer[4096];
    for (ssize_t n = 0; (n = read(pipe_ends[0], buffer, sizeof buffer)) > 0;) said.append(buffer, static_cast<size_t>(n));
    close(pipe_ends[0]);
    return said;
  }

  void run(int rounds) {
    constexpr size_t files = 120;
    for (size_t i = 0; i < files; ++i) put("d/" + std::string(i % 2 == 0 ? "on/" : "off/") + std::to_string(i) + ".wav", wav(8000, 1, 16, sound(static_cast<unsigned>(i), 4000)));
    std::mt19937 random(7);
    int whole = 0, cut = 0;
    for (int round = 0; round < rounds; ++round) {
      fs::remove_all(root_ / "p");
      put("p/smelt.toml", "# mine\n[data]\n# rate = 1\n");
      std::set<std::string> reported;
      double longest = 1500;  // grows: an import is cut at all its moments, and ends, on any machine and in any build
      for (bool ended = false; !ended; longest *= 1.1) {
        const auto after = static_cast<int64_t>(500 + random() % static_cast<uint64_t>(longest));
        const std::string said = killed(root_ / "p", std::chrono::microseconds(after), &ended);
        size_t at = 0;
        for (size_t end = said.find('\n'); end != std::string::npos; at = end + 1, end = said.find('\n', at)) {
          const std::string line = said.substr(at, end - at);
          if (line.rfind("added ", 0) == 0) reported.insert(line.substr(6));
        }
        const Result<project::Project> p = project::load(root_ / "p");
        ASSERT_TRUE(p) << p.failure().to_string();
        Result<Index> index = Index::open(p->state());
        ASSERT_TRUE(index) << index.failure().to_string();
        const Result<std::vector<Recording>> all = index->recordings();
        ASSERT_TRUE(all) << all.failure().to_string();
        std::set<std::string> known;
        for (const Recording& r : *all) {
          known.insert(r.path);
          EXPECT_EQ(r.samples, 4000);
          EXPECT_EQ(r.label, fs::path(r.path).parent_path().filename());
        }
        EXPECT_EQ(index->files()->size(), known.size()) << "no file without its recordings";
        for (const std::string& path : reported) ASSERT_TRUE(known.count(path) != 0) << path << " was reported and is lost";
        ++(ended ? whole : cut);
      }
      const Result<project::Project> p = project::load(root_ / "p");
      ASSERT_TRUE(p);
      EXPECT_EQ(p->data.rate, 8000);
      Result<Store> store = Store::open(*p);
      ASSERT_TRUE(store);
      EXPECT_EQ(store->recordings().size(), files);
    }
    EXPECT_GT(cut, rounds) << "imports must have been cut short";
    RecordProperty("killed", cut);
    RecordProperty("whole", whole);
  }
};

TEST_F(Crash, NothingReportedIsLost) { run(3); }

using SlowCrash = Crash;
TEST_F(SlowCrash, ManyTimes) { run(200); }

}  // namespace
}  // namespace smelt::dataset
