#include "harness/plan/config.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <unistd.h>

#include "tests/harness/fake_family.h"

namespace crossover::harness {
namespace {

std::string parse_error(const std::string& text, const Overrides& overrides = {}) {
  return error_of([&] { parse_config(text, "x.cfg", overrides); });
}

ConfigValue value_of(const std::string& text) { return {text, "x.cfg:7", "size"}; }

std::vector<long long> integers(const std::string& text, int cores = 4) {
  return integer_list(value_of(text), cores);
}

using Numbers = std::vector<long long>;

// -- the file -------------------------------------------------------------------------------------

TEST(ParseConfig, KeepsOrderPlacesAndDefaults) {
  const Config config = parse_config(
      "# what is it?\n"
      "family = matmul   # trailing\n"
      "size=64\r\n"
      "\n"
      "[ table ]\n"
      "size = 128\n"
      "[overtake]\n"
      "question = crossover",
      "dir/quick.start.cfg", {});
  EXPECT_EQ(config.name, "quick.start");
  ASSERT_EQ(config.sections.size(), 2u);
  EXPECT_EQ(config.sections[0].name, "table");
  EXPECT_EQ(config.sections[0].where, "dir/quick.start.cfg:5");
  EXPECT_EQ(config.sections[0].values.at("family").text, "matmul");
  EXPECT_EQ(config.sections[0].values.at("family").origin, Origin::defaults);
  EXPECT_EQ(config.sections[0].values.at("size").text, "128");
  EXPECT_EQ(config.sections[0].values.at("size").where, "dir/quick.start.cfg:6");
  EXPECT_EQ(config.sections[0].values.at("size").origin, Origin::section);
  EXPECT_EQ(config.sections[1].values.at("size").text, "64");
  EXPECT_EQ(config.sections[1].values.at("size").where, "dir/quick.start.cfg:3");
  EXPECT_EQ(config.sections[1].values.at("question").text, "crossover");
}

TEST(ParseConfig, WithoutSectionsIsOneNamedAfterTheFile) {
  const Config config = parse_config("size = 64\n", "some/square.cfg", {});
  ASSERT_EQ(config.sections.size(), 1u);
  EXPECT_EQ(config.sections[0].name, "square");
  EXPECT_EQ(config.sections[0].values.at("size").origin, Origin::section);
}

TEST(ParseConfig, TakesASectionsKeyForWhatItIsDespiteDots) {
  const Config config = parse_config("env.A = x\n[a]\nenv.B = y = z[1]\n", "x.cfg", {});
  EXPECT_EQ(config.sections[0].values.at("env.A").text, "x");
  EXPECT_EQ(config.sections[0].values.at("env.B").text, "y = z[1]");
}

TEST(ParseConfig, IgnoresAByteOrderMark) {
  EXPECT_EQ(parse_config("\xef\xbb\xbfsize = 64\n", "x.cfg", {}).sections[0].values.size(), 1u);
}

TEST(ParseConfig, SaysWhereAndWhatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"size 64\n", "x.cfg:1: expected key = value, [section] or # comment; found 'size 64'"},
      {"\n\n=64\n", "x.cfg:3: expected a key of letters, digits, _, - and '.'; found ''"},
      {"si ze = 64\n", "x.cfg:1: expected a key of letters, digits, _, - and '.'; found 'si ze'"},
      {"size =\n", "x.cfg:1: size has no value"},
      {"size = # 64\n", "x.cfg:1: size has no value"},
      {"size = 1\nm = 2\nsize = 3\n", "x.cfg:3: duplicate key 'size'; first given at x.cfg:1"},
      {"[a]\nsize = 1\n\nsize = 1\n", "x.cfg:4: duplicate key 'size'; first given at x.cfg:2"},
      {"[a]\n[b]\n[a]\n", "x.cfg:3: duplicate section [a]; first given at x.cfg:1"},
      {"[]\n",
       "x.cfg:1: expected [section] with a name of letters, digits, _ and - that is not 'env'; "
       "found '[]'"},
      {"[a.b]\n",
       "x.cfg:1: expected [section] with a name of letters, digits, _ and - that is not 'env'; "
       "found '[a.b]'"},
      {"[env]\n",
       "x.cfg:1: expected [section] with a name of letters, digits, _ and - that is not 'env'; "
       "found '[env]'"},
      {"[table\n",
       "x.cfg:1: expected [section] with a name of letters, digits, _ and - that is not 'env'; "
       "found '[table'"},
      {"size = 6\x01\n", "x.cfg:1: control character in 'size = 6?'; expected plain text"},
      {"[a]\nseed = 3\n",
       "x.cfg:2: seed holds for the whole experiment; expected before the first section"}};
  for (const auto& [text, message] : cases) EXPECT_EQ(parse_error(text), message) << text;
}

TEST(ParseConfig, AllowsTheSameKeyInTwoSections) {
  EXPECT_EQ(parse_error("size = 1\n[a]\nsize = 2\n[b]\nsize = 3\n"), "no error");
}

TEST(ReadConfig, SaysWhyAFileCannotBeRead) {
  EXPECT_EQ(error_of([] { read_config("/nowhere/x.cfg", {}); }),
            "/nowhere/x.cfg: cannot be read: No such file or directory");
  const std::string directory = std::filesystem::temp_directory_path().string();
  EXPECT_EQ(error_of([&] { read_config(directory, {}); }),
            directory + ": cannot be read: Is a directory");
}

TEST(ReadConfig, KeepsTheTextVerbatim) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("crossover_config_test_" + std::to_string(getpid()) + ".cfg");
  const std::string text = "# why?\r\nsize = 64  # x\n\n";
  std::ofstream(path, std::ios::binary) << text;
  const Config config = read_config(path.string(), {{"size", "32"}});
  std::filesystem::remove(path);
  EXPECT_EQ(config.text, text);
  EXPECT_EQ(config.path, path.string());
  EXPECT_EQ(config.overrides, (Overrides{{"size", "32"}}));
}

// -- the command line -----------------------------------------------------------------------------

TEST(Overrides, ApplyToEverySectionOrToOne) {
  const std::string text = "threads = 1\n[a]\n[b]\nthreads = 2\n";
  const Config all = parse_config(text, "x.cfg", {{"threads", "8"}});
  EXPECT_EQ(all.sections[0].values.at("threads").text, "8");
  EXPECT_EQ(all.sections[1].values.at("threads").text, "8");
  EXPECT_EQ(all.sections[1].values.at("threads").where, "--threads");
  const Config one = parse_config(text, "x.cfg", {{"b.threads", "8"}});
  EXPECT_EQ(one.sections[0].values.at("threads").text, "1");
  EXPECT_EQ(one.sections[1].values.at("threads").text, "8");
  EXPECT_EQ(one.sections[1].values.at("threads").where, "--b.threads");
}

TEST(Overrides, OfOneSectionWinWhateverTheirOrder) {
  for (const Overrides& order :
       {Overrides{{"a.size", "4"}, {"size", "8"}}, Overrides{{"size", "8"}, {"a.size", "4"}}}) {
    const Config config = parse_config("[a]\n[b]\n", "x.cfg", order);
    EXPECT_EQ(config.sections[0].values.at("size").text, "4");
    EXPECT_EQ(config.sections[1].values.at("size").text, "8");
  }
}

TEST(Overrides, GivenTwiceTheLastCounts) {
  const Config config = parse_config("[a]\n", "x.cfg", {{"size", "4"}, {"size", "8"}});
  EXPECT_EQ(config.sections[0].values.at("size").text, "8");
}

TEST(Overrides, ReachEnvironmentVariables) {
  const Config config = parse_config("[a]\n[b]\n", "x.cfg", {{"env.X", "all"}, {"b.env.Y", "one"}});
  EXPECT_EQ(config.sections[0].values.at("env.X").text, "all");
  EXPECT_EQ(config.sections[1].values.at("env.Y").text, "one");
  EXPECT_FALSE(config.sections[0].values.contains("env.Y"));
}

TEST(Overrides, ReachTheSectionOfAFileWithoutSections) {
  const Config config = parse_config("size = 4\n", "x.cfg", {{"x.size", "8"}});
  EXPECT_EQ(config.sections[0].values.at("size").text, "8");
}

TEST(Overrides, SayWhatIsWrong) {
  const std::string text = "[table]\n[overtake]\n";
  EXPECT_EQ(parse_error(text, {{"tabel.size", "1"}}),
            "--tabel.size: unknown section 'tabel'; did you mean 'table'? legal: table, overtake");
  EXPECT_EQ(parse_error(text, {{"size", " "}}), "--size: size has no value");
  EXPECT_EQ(parse_error(text, {{"si ze", "1"}}), "--si ze: expected --key or --SECTION.key");
  EXPECT_EQ(parse_error(text, {{"table.", "1"}}), "--table.: expected --key or --SECTION.key");
  EXPECT_EQ(parse_error(text, {{"table.seed", "1"}}),
            "--table.seed: seed holds for the whole experiment; expected --seed");
}

// -- values ---------------------------------------------------------------------------------------

TEST(SplitList, SplitsOutsideBrackets) {
  EXPECT_EQ(split_list(value_of(" a , b[x=1,y=2],c{1,2} ")),
            (std::vector<std::string>{"a", "b[x=1,y=2]", "c{1,2}"}));
}

TEST(SplitList, RejectsEmptyElementsAndOpenBrackets) {
  for (const std::string text : {"a,,b", ",a", "a,", " , "}) {
    EXPECT_EQ(error_of([&] { split_list(value_of(text)); }),
              "x.cfg:7: size = " + text + "; expected no empty element in the list");
  }
  EXPECT_EQ(error_of([] { split_list(value_of("a[b,c")); }),
            "x.cfg:7: size = a[b,c; expected a closing ']'");
}

TEST(IntegerList, ReadsNumbersSymbolsAndRanges) {
  EXPECT_EQ(integers("64"), (Numbers{64}));
  EXPECT_EQ(integers("64, 16,64"), (Numbers{64, 16}));
  EXPECT_EQ(integers("1, cores, 2*cores"), (Numbers{1, 4, 8}));
  EXPECT_EQ(integers("1, cores", 1), (Numbers{1}));
  EXPECT_EQ(integers("16..100*1.5"), (Numbers{16, 24, 36, 54, 81, 100}));
  EXPECT_EQ(integers("1..8+3"), (Numbers{1, 4, 7, 8}));
  EXPECT_EQ(integers("1..4+0.5"), (Numbers{1, 2, 3, 4}));
  EXPECT_EQ(integers("1..2*cores*2"), (Numbers{1, 2, 4, 8}));
  EXPECT_EQ(integers("1..cores+1", 1), (Numbers{1}));
  EXPECT_EQ(integers("16 .. 64 * 2, 128"), (Numbers{16, 32, 64, 128}));
  EXPECT_EQ(integers("1..4*1.1"), (Numbers{1, 2, 3, 4}));
  EXPECT_EQ(integers("2..8*2"), (Numbers{2, 4, 8}));
}

TEST(IntegerList, SaysWhatIsWrong) {
  const std::string kinds =
      "; expected positive integers: 64, cores, 2*cores, 16..1024*1.5 or 1..8+1";
  const std::string step = "; expected a range with a step: 16..1024*1.5 or 1..8+1";
  const std::string advance =
      "; the range does not advance; expected first <= last and a step such as *1.5 or +1";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"0", kinds},
      {"-4", kinds},
      {"4.5", kinds},
      {"1e3", kinds},
      {"0x10", kinds},
      {"6 4", kinds},
      {"core", kinds},
      {"0*cores", kinds},
      {"2*3", kinds},
      {"*cores", kinds},
      {"0..8+1", kinds},
      {"..8+1", kinds},
      {"1..+1", kinds},
      {"1...8+1", kinds},
      {"1..8", step},
      {"1..8*", step},
      {"1..8*cores", step},
      {"1..8*inf", step},
      {"1..8*nan", step},
      {"1..8+1x", step},
      {"1..8*1", advance},
      {"1..8*0.5", advance},
      {"1..8+0", advance},
      {"8..1+1", advance},
      {"1..8+-1", advance},
      {"9999999999999999999999", "; expected at most 1000000000000000"},
      {"1000000000000001", "; expected at most 1000000000000000"},
      {"1000000000000000*cores", "; expected at most 1000000000000000"},
      {"1..1000000000000000+1", "; expected at most 100000 values"},
      {"1..2*1.0000000001", "; expected at most 100000 values"}};
  for (const auto& [text, message] : cases) {
    EXPECT_EQ(error_of([&, &element = text] { integers(element); }),
              "x.cfg:7: size = " + text + message);
  }
}

/// What holds of every range: ascending, from the first to the last value, none of them twice.
void check_range(const Numbers& numbers, long long first, long long last) {
  RC_ASSERT(!numbers.empty());
  RC_ASSERT(numbers.front() == first);
  RC_ASSERT(numbers.back() == last);
  for (std::size_t i = 1; i < numbers.size(); ++i) RC_ASSERT(numbers[i - 1] < numbers[i]);
}

RC_GTEST_PROP(Ranges, GeometricOnesAscendAndKeepTheirEnds, ()) {
  const long long first = *rc::gen::inRange(1LL, 100'000LL);
  const long long last = first + *rc::gen::inRange(0LL, 10'000'000LL);
  const int hundredths = *rc::gen::inRange(101, 1000);
  const Numbers numbers = integers(std::to_string(first) + ".." + std::to_string(last) + "*" +
                                   std::to_string(hundredths / 100.0));
  check_range(numbers, first, last);
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    const double exact = static_cast<double>(numbers[i - 1]) * hundredths / 100.0;
    RC_ASSERT(static_cast<double>(numbers[i]) <= exact + hundredths / 200.0 + 1);
  }
}

RC_GTEST_PROP(Ranges, ArithmeticOnesAscendAndKeepTheirEnds, ()) {
  const long long first = *rc::gen::inRange(1LL, 1'000'000LL);
  const long long step = *rc::gen::inRange(1LL, 1000LL);
  const long long last = first + *rc::gen::inRange(0LL, 50'000LL);
  const Numbers numbers =
      integers(std::to_string(first) + ".." + std::to_string(last) + "+" + std::to_string(step));
  check_range(numbers, first, last);
  for (std::size_t i = 1; i + 1 < numbers.size(); ++i) {
    RC_ASSERT(numbers[i] - numbers[i - 1] == step);
  }
}

TEST(Durations, AreSeconds) {
  const auto seconds = [](const std::string& text) { return duration_seconds(value_of(text)); };
  EXPECT_DOUBLE_EQ(seconds("90"), 90);
  EXPECT_DOUBLE_EQ(seconds("90s"), 90);
  EXPECT_DOUBLE_EQ(seconds("5min"), 300);
  EXPECT_DOUBLE_EQ(seconds("1.5 h"), 5400);
  EXPECT_DOUBLE_EQ(seconds("1ms"), 1e-3);
  EXPECT_DOUBLE_EQ(seconds("200us"), 2e-4);
  EXPECT_DOUBLE_EQ(seconds("1000h"), 3.6e6);
  for (const std::string text :
       {"0", "-1s", "5m", "5 minutes", "s", "", "inf", "nan", "1e99", "1001h", "1:30"}) {
    EXPECT_EQ(error_of([&] { seconds(text); }),
              "x.cfg:7: size = " + text +
                  "; expected a duration up to 1000h: 200us, 1ms, 90s, 5min or 1.5h");
  }
}

TEST(Fractions, ArePercentOrPlain) {
  EXPECT_DOUBLE_EQ(fraction(value_of("3%")), 0.03);
  EXPECT_DOUBLE_EQ(fraction(value_of("0.03")), 0.03);
  EXPECT_DOUBLE_EQ(fraction(value_of("2.5 %")), 0.025);
  EXPECT_DOUBLE_EQ(fraction(value_of("0")), 0);
  for (const std::string text : {"3", "100%", "-1%", "%", "nan", "3%%", "x"}) {
    EXPECT_EQ(
        error_of([&] { fraction(value_of(text)); }),
        "x.cfg:7: size = " + text + "; expected a share of at least 0 and below 1: 3% or 0.03");
  }
}

TEST(Nearest, FindsWhatWasMeant) {
  const std::vector<std::string> variants = {"naive", "blocked", "simd", "simd_parallel"};
  EXPECT_EQ(nearest("smid", variants), "simd");
  EXPECT_EQ(nearest("SIMD", variants), "simd");
  EXPECT_EQ(nearest("simd_paralel", variants), "simd_parallel");
  EXPECT_EQ(nearest("xyz", variants), "");
  EXPECT_EQ(nearest("x", {"m", "n"}), "");
  EXPECT_EQ(nearest("", variants), "");
  EXPECT_EQ(nearest(std::string(1'000'000, 'a'), variants), "");
  EXPECT_EQ(nearest("simd", {}), "");
}

TEST(ParseConfig, AFileMayBeCalledAnythingItsOnlySectionNot) {
  const auto section = [](const std::string& path) {
    return parse_config("family = matmul\n", path, {}).sections.front().name;
  };
  EXPECT_EQ(section("dir/matmul-2_b.cfg"), "matmul-2_b");
  EXPECT_EQ(section("my matmul.v2.cfg"), "my_matmul_v2");
  EXPECT_EQ(section("...cfg"), "__");
  EXPECT_EQ(section("env.cfg"), "env_");
  EXPECT_EQ(parse_config("family = matmul\n", "my matmul.cfg", {}).name, "my matmul");
}

}  // namespace
}  // namespace crossover::harness
