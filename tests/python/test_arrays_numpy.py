"""The same expressions in NumPy and in blockfold: shapes, types and values."""

import blockfold.array as da
import numpy as np
import pytest

_rng = np.random.default_rng(0)
_A, _A3, _V = _rng.normal(size=(6, 5)), _rng.normal(size=(3, 4, 5)), _rng.normal(size=11)
_I = _rng.integers(0, 6, size=(6, 5))
_Z = _A + 1j * _rng.normal(size=(6, 5))
_SQ = _rng.normal(size=(6, 6))
_CHUNKS = {"A": (4, 2), "A3": 2, "I": 3, "V": 4, "Z": 3, "SQ": 3}
_NUMPY = {"A": _A, "A3": _A3, "I": _I, "V": _V, "Z": _Z, "SQ": _SQ}

CASES = """
np.transpose(A)
np.transpose(A3,(1,2,0))
np.swapaxes(A3,0,2)
np.moveaxis(A3,0,-1)
np.moveaxis(A3,[0,1],[2,0])
np.reshape(A,(5,6))
np.reshape(A,-1)
np.ravel(A3)
np.squeeze(A[:1])
np.squeeze(A3[:1,:, :1],axis=0)
np.expand_dims(A,1)
np.expand_dims(A,(0,-1))
np.broadcast_to(V,(3,11))
np.concatenate([A,A],axis=1)
np.concatenate([A,I])
np.stack([A,A],axis=1)
np.vstack([A,A])
np.hstack([A,A])
np.hstack([V,V])
np.dstack([A,A])
np.flip(A)
np.flip(A,0)
np.fliplr(A)
np.roll(A,2)
np.roll(A,2,axis=1)
np.roll(A,(1,2),axis=(0,1))
np.rot90(A)
np.tile(A,2)
np.tile(A,(2,1,3))
np.repeat(A,2)
np.repeat(A,3,axis=1)
np.repeat(A,[1,0,2,1,1,1],axis=0)
np.pad(A,1)
np.pad(A,((1,2),(0,3)),mode="edge")
np.pad(A,1,mode="reflect")
np.pad(V,2,mode="wrap")
np.pad(V,2,mode="symmetric")
A[0]
A[-1]
A[1:4]
A[::-1]
A[::2,1::2]
A[5:0:-2]
A[...,1]
A[None,:,1:3]
A[[0,2,4]]
A[[0,2],[1,3]]
A[A>0]
A[:,[True,False,True,False,True]]
A[np.array([[0,1],[2,3]])]
A3[1,:,2]
A3[...,-1]
A3[:,[1,0]]
A3[0,[1,2],1:3]
A[2:2]
A[-3:-1]
A[10:20]
A[1,1]
A[A[:,0]>0]
A[np.int64(2)]
A[:,-1:]
np.sort(A)
np.sort(A,axis=0)
np.argsort(A,axis=1)
np.argsort(V)
np.diff(A)
np.diff(A,axis=0)
np.diff(V,n=2)
np.cumsum(A,axis=1)
np.cumprod(V)
np.unique(I)
np.unique(I,return_counts=True)
np.unique(I,return_index=True,return_inverse=True,return_counts=True)
np.bincount(I.ravel())
np.bincount(I.ravel(),minlength=10)
np.digitize(A,[-1,0,1])
np.searchsorted(np.sort(v),A)
np.searchsorted(np.sort(v),A,side="right")
np.nonzero(I)
np.argwhere(I>2)
np.flatnonzero(I)
np.isin(I,[1,2])
np.histogram(V,bins=4)
np.histogram(V,bins=[-1,0,1])
np.histogram(V,bins=5,range=(-1,1))
np.take(A,[0,2],axis=1)
np.take(A,[3,1])
np.take_along_axis(A,np.argsort(A,axis=1),axis=1)
np.count_nonzero(I,axis=0)
np.median(A)
np.median(A,axis=0)
np.quantile(A,0.3,axis=1)
np.percentile(A,[25,50])
np.nanmean(A,axis=0)
np.nansum(A)
np.average(A,axis=0)
np.average(A,axis=0,weights=[1,2,3,4,5,6])
np.average(A)
np.std(A,ddof=1)
np.var(A,axis=0,keepdims=True)
np.sum(A,axis=(0,1))
np.sum(A3,axis=(0,2))
np.mean(A3,axis=1,keepdims=True)
np.sum(I,dtype="float32")
np.max(A3,axis=(1,2))
np.ptp(A,axis=0)
np.argmax(A3,axis=1)
np.dot(A,A.T)
A@A.T
np.dot(V,V)
np.matmul(A3,A3.swapaxes(1,2))
np.matmul(A3, V[:5])
np.tensordot(A3,A3,axes=([0,1],[0,1]))
np.tensordot(A,A.T,1)
np.outer(V,V)
np.einsum("ij,kj->ik",A,A)
np.einsum("ij->j",A)
np.einsum("...j,...j->...",A3,A3)
np.einsum("...ij,jk->...ik",A3,SQ[:5,:3])
np.nancumsum(A,axis=1)
np.nancumprod(V)
np.trace(SQ)
np.diag(SQ)
np.diag(V)
np.diagonal(SQ,offset=1)
np.linalg.norm(A)
np.linalg.norm(A,axis=0)
np.linalg.norm(V,ord=1)
np.linalg.norm(A,ord=np.inf)
np.linalg.norm(A,ord=2)
np.linalg.inv(SQ)
np.linalg.solve(SQ,A)
np.linalg.solve(SQ,V[:6])
np.linalg.det(SQ)
np.linalg.slogdet(SQ)
np.linalg.cholesky(SQ@SQ.T+np.eye(6))
np.linalg.svd(A,full_matrices=False)[1]
np.linalg.pinv(A)
np.linalg.matrix_rank(A)
np.linalg.matrix_power(SQ,3)
np.cross(A[:,:3],A[:,1:4])
np.vdot(V,V)
np.inner(V,V)
np.fft.fft(A)
np.fft.fft(A,axis=0)
np.fft.ifft(Z)
np.fft.rfft(A)
np.fft.irfft(Z,axis=1)
np.fft.irfft(Z,n=7)
np.fft.fft2(A)
np.fft.fftn(A3)
np.fft.ifftn(Z)
np.fft.fft(A,n=8)
np.fft.fft(A,norm="ortho")
np.fft.ifft(A,norm="forward")
np.fft.rfftn(A3)
np.fft.irfftn(Z)
np.fft.hfft(Z)
np.fft.ihfft(A)
np.fft.fftshift(A)
np.fft.ifftshift(A,axes=0)
np.where(A>0,A,0)
np.where(A>0,1,A)
np.clip(A,-1,1)
np.clip(A,None,0.5)
np.clip(I,1,3)
np.round(A,2)
np.nan_to_num(A)
np.isclose(A,A)
np.allclose(A,A)
np.hypot(A,A)
np.logaddexp(A,A)
np.copysign(A,-A)
np.nextafter(A,0*A)
np.arctan2(A,A)
np.fmax(A,0)
np.maximum(A,0)
np.real(Z)
np.angle(Z)
np.abs(Z)
np.conj(Z)
Z*2j
Z.T
np.exp(Z)
np.sin(Z)
Z**2
Z/(1+1j)
np.sum(Z,axis=0)
np.mean(Z)
np.std(Z)
np.tril(A)
np.triu(A,1)
np.meshgrid(V,V[:3])
np.split(V[:10],2)
np.array_split(V,3)
np.modf(A)
np.divmod(I,3)
np.add.reduce(A,axis=1)
np.multiply.outer(V,V)
np.atleast_2d(V)
A.astype("f4")
A.astype(int)
np.full_like(A,3)
np.zeros_like(I)
np.ones_like(A,dtype=int)
np.delete(V,[1,2])
np.compress([True,False,True],A,axis=0)
np.extract(A>0,A)
np.union1d(I,I)
np.fabs(I)
np.fmod(A,0.7)
np.modf(A)
np.logaddexp2(A,A)
np.isposinf(A)
np.isreal(Z)
np.select([A>1,A>0],[A,-A],7)
np.piecewise(A,[A<0,A>=0],[-1,lambda x:x*2])
np.choose(I%3,[A,A*2,A*3])
np.atleast_3d(V)
np.append(A,A,axis=0)
np.append(V,[1.0,2.0])
np.insert(A,2,0.0,axis=0)
np.rollaxis(A3,2)
np.unravel_index(I,(3,2))
np.ravel_multi_index((I,I),(6,6))
np.ediff1d(A)
np.gradient(V)
np.gradient(A)
np.nanpercentile(A,30,axis=0)
np.cov(A)
np.cov(A,rowvar=False)
np.corrcoef(A)
np.fft.rfft2(A)
np.fft.irfft2(Z)
A.take([0,1],axis=1)
A.compress([True,False,True],axis=0)
SQ.diagonal()
V.tolist()
np.shape(A)
np.size(A)
np.ndim(A)
""".strip().splitlines()


def _flat(answer):
    if isinstance(answer, (tuple, list)):
        for part in answer:
            yield from _flat(part)
    else:
        yield np.asarray(answer)


@pytest.mark.parametrize("case", CASES)
def test_as_numpy(case):
    names = {"np": np, "v": _V}
    want = list(_flat(eval(case, {**names, **_NUMPY})))
    lazy = {name: da.from_array(value, chunks=_CHUNKS[name]) for name, value in _NUMPY.items()}
    got = list(_flat(eval(case, {**names, **lazy})))
    assert len(got) == len(want)
    for ours, theirs in zip(got, want, strict=True):
        assert ours.shape == theirs.shape
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("chunks", [1, 2, (4, 2), -1, "auto"])
def test_chunks_change_nothing(chunks):
    x = da.from_array(_A, chunks=chunks)
    np.testing.assert_allclose((x + x.mean(axis=0)) @ x.T, (_A + _A.mean(axis=0)) @ _A.T)
