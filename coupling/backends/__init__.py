"""Products in other frameworks: array API programs, torch, JAX, CUDA and Triton."""
