"""Products on CUDA devices: kernels of numba-cuda that read table files, and programs in CUDA C++."""

from coupling.backends.cuda.contraction import contraction_source
from coupling.backends.cuda.convolution import convolution_source
from coupling.backends.cuda.product import CudaProduct
from coupling.backends.cuda.source import cuda_source

__all__ = ["CudaProduct", "contraction_source", "convolution_source", "cuda_source"]
