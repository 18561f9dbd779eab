#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "experiments/families.h"
#include "experiments/policy_setting.h"
#include "harness/policy/drawn_shapes.h"
#include "harness/policy/fit.h"
#include "harness/policy/policy_file.h"
#include "harness/results/run_directory.h"
#include "tests/harness/policy_worlds.h"

namespace crossover::experiments {
namespace {

namespace fs = std::filesystem;

/// A folder of the test's own.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "crossover-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

harness::Policy fitted() {
  const harness::test::PolicyWorld world{.noise = 0.02};
  return harness::fit_policy(world.measure(harness::test::training_shapes(200), {1, 2, 4}, 4, 1), 1,
                             5);
}

void write(const fs::path& file, const std::string& text) { std::ofstream(file) << text; }

/// Random shapes, far beyond the grid in every direction too.
std::vector<harness::Shape> random_shapes() {
  harness::ShapeRanges ranges{{1, 1, 1}, {9999, 9999, 9999}, 0, 1e15};
  return harness::draw_shapes(ranges, 10000, harness::Spread::random, 11);
}

TEST(PolicyChoices, AreTheSameInTheFileAndInTheKernel) {
  const Folder folder;
  const harness::Policy policy = fitted();
  write(folder.path() / "policy.json", harness::text_of(harness::policy_json(policy)));
  const harness::Policy stored = harness::read_policy(folder.path() / "policy.json");
  const kernels::matmul::DispatchPolicy dispatch = dispatch_policy(stored);
  int parallel = 0;
  for (const harness::Shape& shape : random_shapes()) {
    const int threads = harness::choose_threads(policy, shape);
    parallel += threads > 1;
    ASSERT_EQ(harness::choose_threads(stored, shape), threads);
    ASSERT_EQ(dispatch.threads(dispatch.choose(shape.m, shape.n, shape.k, 4)), threads);
  }
  EXPECT_GT(parallel, 1000);
  EXPECT_LT(parallel, 9900);
}

TEST(PolicyChoices, AreTheSameInTheHeaderAlone) {
  const Folder folder;
  const harness::Policy policy = fitted();
  const std::vector<harness::Shape> shapes = random_shapes();
  write(folder.path() / "policy.h", harness::policy_header(policy));
  write(folder.path() / "main.cpp",
        "#include \"policy.h\"\n#include \"policy.h\"\n#include <cstdio>\nint main() {\n"
        "  long long m, n, k;\n  while (std::scanf(\"%lld %lld %lld\", &m, &n, &k) == 3) {\n"
        "    const crossover_policy::choice c = crossover_policy::choose(m, n, k);\n"
        "    std::printf(\"%s %d\\n\", c.kernel, c.threads);\n  }\n}\n");
  std::ofstream input(folder.path() / "shapes");
  for (const harness::Shape& s : shapes) input << s.m << " " << s.n << " " << s.k << "\n";
  input.close();
  const std::string command =
      "cd " + folder.path().string() +
      " && c++ -std=c++11 -Wall -Wextra -Wpedantic -Werror -O1 main.cpp -o choices"
      " && ./choices < shapes > answers";
  ASSERT_EQ(std::system(command.c_str()), 0);  // NOLINT(cert-env33-c)
  std::ifstream answers(folder.path() / "answers");
  for (const harness::Shape& shape : shapes) {
    std::string kernel;
    int threads = 0;
    ASSERT_TRUE(answers >> kernel >> threads);
    ASSERT_EQ(threads, harness::choose_threads(policy, shape));
    ASSERT_EQ(kernel, threads == 1 ? "simd" : "simd_parallel");
  }
}

TEST(PolicyFile, SurvivesWritingAndReading) {
  const Folder folder;
  const harness::Json before = harness::policy_json(fitted());
  write(folder.path() / "policy.json", harness::text_of(before));
  EXPECT_EQ(harness::policy_json(harness::read_policy(folder.path() / "policy.json")), before);
}

std::string complaint(const fs::path& file) {
  try {
    (void)harness::read_policy(file);
  } catch (const harness::StorageError& error) {
    return error.what();
  }
  return "none";
}

TEST(PolicyFile, SaysWhatIsWrongWithIt) {
  const Folder folder;
  const fs::path file = folder.path() / "policy.json";
  EXPECT_NE(complaint(file).find("cannot read " + file.string()), std::string::npos);
  const harness::Json good = harness::policy_json(fitted());
  const std::string text = harness::text_of(good);
  write(file, text.substr(0, text.size() / 2));
  EXPECT_NE(complaint(file).find(
                fmt::format("damaged: not a JSON object: it ends at byte {}", text.size() / 2)),
            std::string::npos)
      << complaint(file);
  const auto changed = [&](const char* member, const harness::Json& value) {
    harness::Json other = good;
    other[member] = value;
    write(file, harness::text_of(other));
    return complaint(file);
  };
  EXPECT_NE(changed("schema", 9).find("schema 9"), std::string::npos);
  EXPECT_NE(changed("policy", "other").find("no policy"), std::string::npos);
  EXPECT_NE(changed("threads", {1, 2}).find("threads = [1,2]; expected 1 and the threads of each"),
            std::string::npos);
  EXPECT_NE(changed("m_nodes", {1, 2, 5}).find("powers of two"), std::string::npos);
  EXPECT_NE(changed("m_nodes", {1, 2}).find("log2_k"), std::string::npos);
  EXPECT_NE(changed("boundaries", harness::Json::array()).find("threads ="), std::string::npos);
}

harness::Cell auto_cell(const std::string& policy, std::int64_t k) {
  return {"test",
          {"matmul",
           "auto",
           {{"threads", "2"},
            {"cache", "warm"},
            {"buffers", "preallocated"},
            {"isa", "auto"},
            {"other_pool", "none"},
            {"layout", "ab"},
            {"policy", policy}},
           0},
          {{"batch", 1}, {"m", 32}, {"n", 64}, {"k", k}}};
}

TEST(AutoCase, CountsWhatThePolicyChose) {
  const Folder folder;
  const std::string file = (folder.path() / "policy.json").string();
  write(file, harness::text_of(harness::policy_json(fitted())));
  const harness::ExecutionCounts small = make_case(auto_cell(file, 1)).count();
  EXPECT_EQ(small.parallel_regions, 0u);
  EXPECT_TRUE(small.code_path.value_or("").starts_with("simd "));
  const harness::ExecutionCounts large = make_case(auto_cell(file, 2000)).count();
  EXPECT_EQ(large.parallel_regions, 1u);
  EXPECT_EQ(large.threads_used, 2u);
  EXPECT_TRUE(large.code_path.value_or("").starts_with("simd_parallel[threads=2] "));
  EXPECT_EQ(make_case(auto_cell(file, 100)).why_wrong(), std::nullopt);
}

TEST(AutoCase, IsUnsupportedWithoutAPolicyAndFailsWithABrokenOne) {
  EXPECT_THROW(make_case(auto_cell("none", 8)), harness::Unsupported);
  EXPECT_THROW(make_case(auto_cell("/nonexistent/policy.json", 8)), harness::StorageError);
}

}  // namespace
}  // namespace crossover::experiments
