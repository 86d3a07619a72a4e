/*
 * The Clebsch-Gordan product of two features of degrees 0 ... 4, from an exported header and nothing else.
 *
 *     coupling export real-l4 --format c --convention e3nn --order output -o table.h
 *     cc -std=c99 -O2 product.c -o product
 *     ./product < features
 *
 * Reads 25 numbers of x and 25 of y (flat index l*l + place of m); writes z and the gradients of sum(z) in x and y,
 * 75 numbers in hexadecimal, so that no bit is lost.  Compiles with gcc, g++ and nvcc without a warning.
 */
#include <stdio.h>

#if defined(__CUDACC__) || defined(__HIPCC__) /* main runs on the processor; else the arrays were in the device's memory */
#define COUPLING_CONSTANT static const
#endif
#include "table.h"

#define SIZE REAL_L4_E3NN_WIGNER_3J_OUTPUT
#define START real_l4_e3nn_wigner_3j_starts
#define INPUT1 real_l4_e3nn_wigner_3j_input1
#define INPUT2 real_l4_e3nn_wigner_3j_input2
#define VALUE real_l4_e3nn_wigner_3j_values

static int read(double *feature)
{
    int k;
    for (k = 0; k < SIZE; k++)
        if (scanf("%lf", &feature[k]) != 1)
            return 0;
    return 1;
}

static void write(const double *feature)
{
    int k;
    for (k = 0; k < SIZE; k++)
        printf("%a\n", feature[k]);
}

int main(void)
{
    double x[SIZE], y[SIZE], z[SIZE] = {0}, dx[SIZE] = {0}, dy[SIZE] = {0};
    int k, e;

    if (!read(x) || !read(y))
        return 1;
    for (k = 0; k < SIZE; k++) {
        for (e = START[k]; e < START[k + 1]; e++) {
            z[k] += VALUE[e] * x[INPUT1[e]] * y[INPUT2[e]];
            dx[INPUT1[e]] += VALUE[e] * y[INPUT2[e]];
            dy[INPUT2[e]] += VALUE[e] * x[INPUT1[e]];
        }
    }
    write(z);
    write(dx);
    write(dy);
    return 0;
}
