// Runs a package of AOTInductor on inputs that Python saved; neither Python nor coupling is needed.
//
//     deploy model.pt2 inputs.pt
//
// inputs.pt: what torch.save made of a list of tensors.  Prints each output, one number a line with all its digits.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

#include <ATen/ATen.h>
#include <torch/csrc/inductor/aoti_package/model_package_loader.h>
#include <torch/csrc/jit/serialization/pickle.h>

static std::vector<char> bytes_of(const char* path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

int main(int count, char** arguments) {
    if (count != 3) {
        std::fprintf(stderr, "usage: deploy model.pt2 inputs.pt\n");
        return 2;
    }
    c10::InferenceMode inference;
    std::vector<at::Tensor> inputs;
    for (const auto& value : torch::jit::pickle_load(bytes_of(arguments[2])).toList())
        inputs.push_back(static_cast<c10::IValue>(value).toTensor());
    torch::inductor::AOTIModelPackageLoader model(arguments[1]);
    for (const auto& output : model.run(inputs)) {
        const auto flat = output.to(at::kDouble).contiguous();
        for (int64_t i = 0; i < flat.numel(); ++i)
            std::printf("%.17g\n", flat.data_ptr<double>()[i]);
    }
    return 0;
}
