{"argments":{"tone":"x"},"select":[{"module":"plan","argments":{"dur":"x"},"selct":["sea"]},"visa",{"role":"user","tet":"x"}]}
