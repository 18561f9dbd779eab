#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <string>

#include "harness/plan/plan.h"
#include "tests/harness/fake_family.h"

namespace crossover::harness {
namespace {

std::string plan_error(const std::string& text, const Overrides& overrides = {}) {
  return error_of([&] { plan_of(text, overrides); });
}

struct Rejected {
  std::string text;
  std::string message;
};

void expect_rejected(const std::string& before, const std::vector<Rejected>& cases) {
  for (const auto& [text, message] : cases) EXPECT_EQ(plan_error(before + text), message) << text;
}

const std::string legal_variants =
    "naive, blocked, parallel, simd, simd_parallel, openblas, eigen, blis";
const std::string legal_keys =
    "batch, m, n, k, size, nk, family, question, variants, against, axis, shapes, threads, cache, "
    "buffers, pin, seed, launches, quartets, delta, half_width, min_sample, budget, timeout, "
    "sharpen, grid, isa, "
    "env.NAME";

TEST(PlanErrors, NameFamiliesAndKeys) {
  expect_rejected(
      "", {{"size = 4\n", "x.cfg: section [x] has no family; legal: matmul, softmax"},
           {"[a]\nsize = 4\n", "x.cfg:1: section [a] has no family; legal: matmul, softmax"},
           {"family = matmull\n",
            "x.cfg:1: unknown family 'matmull'; did you mean 'matmul'? legal: matmul, softmax"},
           {"family = matmul\ntreads = 4\n",
            "x.cfg:2: unknown key 'treads' of family matmul; did you mean 'threads'? legal: " +
                legal_keys},
           {"family = matmul\nrows = 4\n",
            "x.cfg:2: unknown key 'rows' of family matmul; legal: " + legal_keys},
           {"family = matmul\nenv.NAME = 4\nenv.A-B = 1\nsize = 4\n",
            "x.cfg:3: 'env.A-B' names no environment variable; expected env.NAME"},
           {"family = matmul\nenv. = 4\n",
            "x.cfg:2: 'env.' names no environment variable; expected env.NAME"},
           {"family = matmul\nenv.1A = 4\n",
            "x.cfg:2: 'env.1A' names no environment variable; expected env.NAME"}});
  EXPECT_EQ(
      plan_error("family = matmul\nsize = 4\n", {{"cahce", "cold"}}),
      "--cahce: unknown key 'cahce' of family matmul; did you mean 'cache'? legal: " + legal_keys);
}

TEST(PlanErrors, NameSettings) {
  expect_rejected(
      "family = matmul\nsize = 4\n",
      {{"cache = warm, colt\n",
        "x.cfg:3: unknown cache 'colt'; did you mean 'cold'? legal: warm, cold"},
       {"buffers = none\n", "x.cfg:3: unknown buffers 'none'; legal: preallocated, per_call"},
       {"pin = core\n", "x.cfg:3: unknown pin 'core'; did you mean 'cores'? legal: cores, none"},
       {"isa = avx\n", "x.cfg:3: unknown isa 'avx'; did you mean 'avx2'? legal: auto, avx2, avx3"},
       {"threads = 1025\n", "x.cfg:3: threads = 1025; expected 1..1024"},
       {"threads = 1000*cores\n", "x.cfg:3: threads = 2000; expected 1..1024"},
       {"threads = 0\n",
        "x.cfg:3: threads = 0; expected positive integers: 64, cores, 2*cores, 16..1024*1.5 or "
        "1..8+1"},
       {"env.A = x,,y\n", "x.cfg:3: env.A = x,,y; expected no empty element in the list"}});
}

TEST(PlanErrors, NameVariantsAndBrackets) {
  const std::string form = "; expected VARIANT or VARIANT[key=value,key=value]";
  expect_rejected(
      "family = matmul\nsize = 4\n",
      {{"variants = smid\n",
        "x.cfg:3: unknown variant 'smid' of family matmul; did you mean 'simd'? legal: " +
            legal_variants},
       {"variants = simd]\n",
        "x.cfg:3: unknown variant 'simd]' of family matmul; did you mean "
        "'simd'? legal: " +
            legal_variants},
       {"variants = eigen[threads=2]x\n", "x.cfg:3: variants = eigen[threads=2]x" + form},
       {"variants = eigen[threads=2][pin=none]\n",
        "x.cfg:3: variants = eigen[threads=2][pin=none]" + form},
       {"variants = eigen[]\n", "x.cfg:3: variants = ; expected no empty element in the list"},
       {"variants = eigen[threads]\n",
        "x.cfg:3: variants = threads; expected key=value in the bracket"},
       {"variants = eigen[threads=]\n",
        "x.cfg:3: variants = threads=; expected key=value in the bracket"},
       {"variants = eigen[thread=2]\n",
        "x.cfg:3: unknown setting 'thread' of family matmul; did you mean 'threads'? legal: "
        "threads, "
        "isa, cache, buffers, pin, env.NAME"},
       {"variants = eigen[size=2]\n",
        "x.cfg:3: unknown setting 'size' of family matmul; legal: threads, isa, cache, buffers, "
        "pin, "
        "env.NAME"},
       {"variants = eigen[threads=1..4+1]\n",
        "x.cfg:3: variants = threads=1..4+1; expected one value per key in the bracket"},
       {"variants = eigen[threads=1,threads=2]\n",
        "x.cfg:3: variants = threads=2; expected threads once in the bracket"},
       {"variants = eigen[isa=sse]\n", "x.cfg:3: unknown isa 'sse'; legal: auto, avx2, avx3"},
       {"variants = naive[threads=2]\n",
        "x.cfg:3: variant naive has no threading; threads = 2 cannot apply"},
       {"variants = eigen\nagainst = simd, naive\n",
        "x.cfg:4: against = simd, naive; expected one arm"},
       {"variants = eigen\nagainst = simd[threads=2]\n",
        "x.cfg:4: variant simd has no threading; threads = 2 cannot apply"}});
}

TEST(PlanErrors, NameExtents) {
  const std::string kinds =
      "; expected positive integers: 64, cores, 2*cores, 16..1024*1.5 or 1..8+1";
  const std::string pair = "; expected n and k as positive integers with an x between them";
  expect_rejected(
      "family = matmul\n",
      {{"",
        "x.cfg: section [x] does not set m, n, k; legal beside the extents themselves: size, nk, "
        "shapes"},
       {"nk = 1x2\n",
        "x.cfg: section [x] does not set m; legal beside the extents themselves: size, nk, shapes"},
       {"size = 4\nm = 4\n", "x.cfg:3: m sets m, which size sets already (x.cfg:2)"},
       {"k = 4\nm = 1\nnk = 4x4\n", "x.cfg:4: nk sets k, which k sets already (x.cfg:2)"},
       {"size = 4\nshapes = a.txt\n", "x.cfg:3: shapes sets m, which size sets already (x.cfg:2)"},
       {"size = 4, -1\n", "x.cfg:2: size = -1" + kinds},
       {"size = 4\nbatch = 0\n", "x.cfg:3: batch = 0" + kinds},
       {"m = 1\nnk = 4\n", "x.cfg:3: nk = 4" + pair},
       {"m = 1\nnk = 4x\n", "x.cfg:3: nk = 4x" + pair},
       {"m = 1\nnk = x4\n", "x.cfg:3: nk = x4" + pair},
       {"m = 1\nnk = 4x4x4\n", "x.cfg:3: nk = 4x4x4" + pair},
       {"m = 1\nnk = 4 x 4\n", "x.cfg:3: nk = 4 x 4" + pair},
       {"m = 1\nnk = 4x0\n", "x.cfg:3: nk = 0" + kinds},
       {"m = 1..1000+1\nn = 1..1000+1\nk = 1..1000+1\n",
        "x.cfg: section [x] has more than 1000000 problems"},
       {"size = 1..100000+1\nthreads=1..100+1\n",
        "x.cfg: section [x] has 405 arms on 100000 problems; expected at most 1000000 cells"},
       {"size = 1\nenv.A=1,2,3,4,5\nvariants=eigen\nthreads=1..1024+1\nenv.B=1,2,3,4,5\n"
        "env.C=1,2,3,4,5\n",
        "x.cfg: section [x] has more than 100000 arms"}});
}

TEST(PlanErrors, SayWhatTheCommandLineTookAway) {
  EXPECT_EQ(plan_error("family = matmul\nsize = 4\n", {{"m", "2"}}),
            "--m: m replaces size (x.cfg:2) in section [x], where nothing sets n, k any more");
  EXPECT_EQ(plan_error("family = matmul\n[a]\nm = 1\nnk = 2x2\n", {{"a.k", "2"}}),
            "--a.k: k replaces nk (x.cfg:4) in section [a], where nothing sets n any more");
  EXPECT_EQ(plan_error("family = matmul\nsize = 4\n", {{"m", "2"}, {"size", "2"}}),
            "--size: size sets m, which m sets already (--m)");
}

TEST(PlanErrors, NameQuestionsAndAxes) {
  const std::string crossover = "question = crossover\nvariants = eigen\nagainst = simd\n";
  expect_rejected(
      "family = matmul\n",
      {{"size = 4\nquestion = sweeep\n",
        "x.cfg:3: unknown question 'sweeep'; did you mean 'sweep'? legal: sweep, compare, "
        "crossover, cost"},
       {"size = 1, 2\nquestion = crossover\n",
        "x.cfg: section [x] asks for a crossover without saying over what; expected against = one "
        "arm "
        "of " +
            legal_variants},
       {"size = 1\nquestion = compare\nvariants = simd\n",
        "x.cfg: section [x] has one arm and nothing to compare it with; expected against = one arm "
        "of " +
            legal_variants},
       {crossover + "size = 4\n",
        "x.cfg: section [x] gives one value to each of batch, m, n, k, size; a crossover needs at "
        "least two sizes"},
       {crossover + "size = 1, 2\nbatch = 1, 2\n",
        "x.cfg: section [x] varies batch and size; expected axis = one of them"},
       {crossover + "size = 1, 2\naxis = sise\n",
        "x.cfg:6: unknown axis 'sise'; did you mean 'size'? legal: batch, m, n, k, size"},
       {crossover + "m = 4\nnk = 1x1, 2x2\naxis = m\n",
        "x.cfg: section [x] has only m=4 for batch=1 n=1 k=1; a crossover needs at least two "
        "sizes"},
       {"question = crossover\nvariants = simd\nagainst = each\nsize = 4, 8\n",
        "x.cfg:4: against = each; expected two arms or more in variants"},
       {"variants = simd, naive\nagainst = each\nsize = 4\n",
        "x.cfg:3: against = each; only question = crossover compares each arm with each"},
       {"question = cost\nvariants = simd\nsize = 4, 8\n",
        "x.cfg: section [x] has only size=4, 8 for batch=1; a cost needs at least three sizes"},
       {"size = 1, 2\naxis = size\n",
        "x.cfg:3: axis = size; only question = crossover and question = cost have an axis"}});
  EXPECT_EQ(plan_error("family = matmul\nsize = 1, 2\naxis = size\n[a]\n"), "no error");
}

TEST(PlanErrors, NameTheProtocol) {
  const std::string ascending =
      "; expected ascending numbers of launches in 1..10000, e.g. 6, 10, 15";
  const std::string share = "; expected a share above 0 and below 1: 3% or 0.03";
  expect_rejected(
      "family = matmul\nsize = 4\n",
      {{"launches = 10, 6\n", "x.cfg:3: launches = 10, 6" + ascending},
       {"launches = 10001\n", "x.cfg:3: launches = 10001" + ascending},
       {"quartets = 1, 2\n",
        "x.cfg:3: quartets = 1, 2; expected one number of quartets in 1..1000"},
       {"quartets = 1001\n",
        "x.cfg:3: quartets = 1001; expected one number of quartets in 1..1000"},
       {"delta = 0%\n", "x.cfg:3: delta = 0%" + share},
       {"sharpen = 2\n",
        "x.cfg:3: sharpen = 2; expected one number of launches in 3..1000, or off"},
       {"half_width = 0\n", "x.cfg:3: half_width = 0" + share},
       {"delta = 2\n",
        "x.cfg:3: delta = 2; expected a share of at least 0 and below 1: 3% or 0.03"},
       {"budget = soon\n",
        "x.cfg:3: budget = soon; expected a duration up to 1000h: 200us, 1ms, 90s, 5min or 1.5h"},
       {"seed = -1\n", "x.cfg:3: seed = -1; expected one integer in 0..18446744073709551615"},
       {"seed = 1x\n", "x.cfg:3: seed = 1x; expected one integer in 0..18446744073709551615"}});
}

TEST(PlanErrors, SayWhenNoVariantIsAvailable) {
  FamilyInfo family = fake_matmul();
  for (VariantInfo& variant : family.variants) variant.unavailable = "no such machine";
  const Config config = parse_config("family = matmul\nsize = 4\n", "x.cfg", {});
  EXPECT_EQ(error_of([&] { make_plan(config, {family}, {2}); }),
            "x.cfg: section [x] finds no variant of family matmul available on this machine");
}

// -- any text is a plan or a ConfigError ----------------------------------------------------------

const std::string valid =
    "# which?\nfamily = matmul\nseed = 3\nthreads = 1, cores\n[table]\nvariants = simd, "
    "eigen[threads=2*cores,isa=avx2]\nsize = 16..128*1.5\nenv.OMP_WAIT_POLICY = active, passive\n"
    "launches = 6, 10\ndelta = 2%\n[overtake]\nquestion = crossover\nvariants = eigen\nagainst = "
    "simd[cache=warm]\naxis = m\nm = 1..8+1\nnk = 4x4, 8x2\nbudget = 10min\n";

/// Fails on anything but a plan or a ConfigError with a place in it.
void check_survives(const std::string& text) {
  try {
    const Plan plan = plan_of(text);
    RC_ASSERT(!plan.sections.empty());
    for (const SectionPlan& section : plan.sections) {
      RC_ASSERT(!section.arms.empty());
      RC_ASSERT(!section.problems.empty());
    }
  } catch (const ConfigError& error) {
    RC_ASSERT(std::string(error.what()).starts_with("x.cfg"));
  }
}

TEST(AnyText, StartsFromAValidConfig) { EXPECT_EQ(plan_error(valid), "no error"); }

RC_GTEST_PROP(AnyText, OfRandomBytesIsSurvived, (const std::string& text)) { check_survives(text); }

RC_GTEST_PROP(AnyText, OfTheGrammarsCharactersIsSurvived, ()) {
  const std::string alphabet = "[]=,.*+#x%\n \t019coresimdenv_-";
  check_survives("family = matmul\n" +
                 *rc::gen::container<std::string>(rc::gen::elementOf(alphabet)));
}

RC_GTEST_PROP(AnyText, WithAFewBytesChangedIsSurvived, ()) {
  std::string text = valid;
  const int changes = *rc::gen::inRange(1, 6);
  const std::string alphabet = "[]=,.*+#x%\n \t0129coresimdenv_-";
  for (int i = 0; i < changes && !text.empty(); ++i) {
    const auto place = *rc::gen::inRange<std::size_t>(0, text.size());
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        text.erase(place, *rc::gen::inRange(1, 12));
        break;
      case 1:
        text.insert(place, 1, *rc::gen::elementOf(alphabet));
        break;
      case 2:
        text[place] = *rc::gen::arbitrary<char>();
        break;
      default:
        text.insert(place, text.substr(*rc::gen::inRange<std::size_t>(0, text.size()), 15));
    }
  }
  check_survives(text);
}

RC_GTEST_PROP(AnyText, AsAValueOfAnyKeyIsSurvived, ()) {
  const auto key = *rc::gen::element<std::string>(
      "variants", "against", "axis", "size", "nk", "threads", "cache", "isa", "launches",
      "quartets", "delta", "min_sample", "budget", "seed", "question", "env.A", "shapes");
  const auto value = *rc::gen::element<std::string>(
      "simd", "eigen[threads=2]", "eigen[", "1..9*2", "1..9+1", "1e9", "3%", "5min", "crossover",
      "m", "size", "4x4", "warm", "avx2", "99999999999999999999", "1,,2", "]", "..", "*", "+", "x",
      "cores*cores", "..*", "1..*2", "[=]", "simd[=]", "simd[,]", "simd[a=b", "compare", ".", "/");
  const std::string text = "family = matmul\nm = 1, 2\nn = 2\nk = 2\n" + key + " = " + value + "\n";
  check_survives(text);
  try {
    plan_of("family = matmul\nm = 1, 2\nn = 2\nk = 2\n", {{key, value}, {"x." + key, value}});
  } catch (const ConfigError& error) {
    RC_ASSERT(std::string(error.what()).find(": ") != std::string::npos);
  }
}

}  // namespace
}  // namespace crossover::harness
