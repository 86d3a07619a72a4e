// CUDA's threads on a processor, for tests/test_convolution_texts.py: the 32 threads of a warp take turns, and change at
// each shuffle.  Included before a text that is compiled with -D__CUDACC__.
#include <functional>
#include <ucontext.h>
#include <vector>

struct Place {
    unsigned x;
};
static Place threadIdx, blockIdx, blockDim, gridDim;

#define __global__

static ucontext_t scheduler, threads_of_the_warp[32];
static bool finished[32];
static unsigned now, shuffles[32];
static double exchanged[2][32];
static std::function<void()> body;

static void run_thread()
{
    body();
    finished[now] = true;
    swapcontext(&threads_of_the_warp[now], &scheduler);
}

// Each thread writes its value and waits for the others to do so; two rows, since one may already be a shuffle ahead.
template <class T> T __shfl_xor_sync(unsigned, T value, int distance)
{
    const unsigned lane = now, row = shuffles[lane]++ % 2;
    exchanged[row][lane] = value;
    swapcontext(&threads_of_the_warp[lane], &scheduler);
    return (T)exchanged[row][lane ^ distance];
}

static void run_warp(unsigned block, unsigned first)
{
    std::vector<std::vector<char>> stacks(32, std::vector<char>(1 << 16));
    for (unsigned lane = 0; lane < 32; ++lane) {
        getcontext(&threads_of_the_warp[lane]);
        threads_of_the_warp[lane].uc_stack.ss_sp = stacks[lane].data();
        threads_of_the_warp[lane].uc_stack.ss_size = stacks[lane].size();
        threads_of_the_warp[lane].uc_link = &scheduler;
        makecontext(&threads_of_the_warp[lane], run_thread, 0);
        finished[lane] = false;
        shuffles[lane] = 0;
    }
    for (bool working = true; working;) {
        working = false;
        for (now = 0; now < 32; ++now)
            if (!finished[now]) {
                blockIdx.x = block;
                threadIdx.x = first + now;
                working = true;
                swapcontext(&scheduler, &threads_of_the_warp[now]);
            }
    }
}

template <class... Given> void launch(unsigned blocks, unsigned threads, void (*kernel)(Given...), Given... given)
{
    gridDim.x = blocks;
    blockDim.x = threads;
    body = [=] { kernel(given...); };
    for (unsigned block = 0; block < blocks; ++block)
        for (unsigned first = 0; first < threads; first += 32)
            run_warp(block, first);
}
