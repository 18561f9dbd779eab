#include <dlfcn.h>
#include <gtest/gtest.h>
#include <omp.h>

#include "kernels/core/module.h"
#include "tests/kernels/matmul_case.h"

namespace crossover::kernels::test {
namespace {

const matmul::Kernel& variant(const std::string& name) { return *matmul::find(name); }

bool available(const std::string& name) {
  return !variant(name).why_unsupported({1, 1, 1, 1}).has_value();
}

/// The file that a symbol comes from, as seen by a module; nothing where it sees no such symbol.
std::string file_of(const std::string& module, const char* symbol) {
  void* handle = dlopen(module_file(module)->c_str(), RTLD_NOW | RTLD_LOCAL);
  void* address = handle ? dlsym(handle, symbol) : nullptr;
  Dl_info info = {};
  if (!address || !dladdr(address, &info)) return {};
  return info.dli_fname;
}

// BLIS has the interface of OpenBLAS as well, with the same symbols.
TEST(VendorSymbols, EveryModuleSeesItsOwnLibrary) {
  if (!available("openblas") || !available("blis")) GTEST_SKIP() << "OpenBLAS or BLIS is missing";
  const matmul::Problem problem = {1, 20, 30, 40};
  const auto openblas = variant("openblas").prepare(problem, {}, {1});
  const auto blis = variant("blis").prepare(problem, {}, {1});
  EXPECT_NE(openblas->code_path(), blis->code_path());
  EXPECT_NE(file_of("openblas", "cblas_sgemm").find("openblas"), std::string::npos);
  EXPECT_NE(file_of("blis", "bli_sgemm").find("blis"), std::string::npos);
  // A symbol that the whole process sees would come before a module's own.
  EXPECT_EQ(dlsym(RTLD_DEFAULT, "cblas_sgemm"), nullptr);
  EXPECT_EQ(dlsym(RTLD_DEFAULT, "bli_sgemm"), nullptr);
  for (const std::string name : {"openblas", "blis"}) {
    const auto why = why_wrong(variant(name), {.problem = problem, .layout = {}}, {1});
    EXPECT_EQ(why, std::nullopt) << *why;
  }
}

TEST(VendorHandles, OtherStridesAreLearnedAndEarlierOnesKept) {
  for (const std::string name : {"onednn", "onednn_prepacked", "libxsmm"}) {
    if (!available(name)) continue;
    const MatmulCase narrow = {.problem = {2, 20, 30, 40}, .layout = {}};
    const MatmulCase wide = {.problem = {2, 20, 30, 40}, .layout = {3, 5, 0}};
    Operands first(narrow);
    Operands second(wide);
    const auto prepared = variant(name).prepare(narrow.problem, {first.args().b}, {1});
    for (Operands* operands : {&first, &second, &first, &second}) {
      const matmul::Args args = operands->args();
      variant(name).run(args, *prepared, {}, {1});
      const auto why = matmul::why_wrong(args, 3);
      EXPECT_EQ(why, std::nullopt) << name << ": " << *why;
    }
  }
}

TEST(VendorHandles, TheThreadCountIsRestored) {
  omp_set_num_threads(2);
  for (const std::string name : {"onednn", "onednn_prepacked"}) {
    if (!available(name)) continue;
    const auto prepared = variant(name).prepare({1, 20, 30, 40}, {}, {3});
    EXPECT_EQ(omp_get_max_threads(), 3) << name;
  }
  EXPECT_EQ(omp_get_max_threads(), 2);
}

TEST(VendorLimits, LibxsmmLeavesNothingToAnotherBlas) {
  if (!available("libxsmm")) GTEST_SKIP() << "libxsmm was not found";
  EXPECT_EQ(variant("libxsmm").why_unsupported({1, 64, 64, 64}), std::nullopt);
  EXPECT_NE(variant("libxsmm").why_unsupported({1, 64, 64, 65}).value_or("").find("another BLAS"),
            std::string::npos);
}

}  // namespace
}  // namespace crossover::kernels::test
