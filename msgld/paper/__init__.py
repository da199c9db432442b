"""The published MSG-LD (Karchkhadze et al. 2024, arXiv:2409.12346), reimplemented. Core never imports this package.

From the paper to the files:

* 2.1, latent diffusion: the autoencoder in ``autoencoder``, the vocoder in ``hifigan``, the front end ``AUDIOLDM`` in
  :mod:`msgld.dsp.mel`
* 2.2, joint latents of all stems, the U-Net and the mixture as its condition: ``unet3d``, ``unet3d_blocks``, and
  ``denoiser`` around them (eq. 2)
* 2.3, separation and generation by classifier-free guidance: :mod:`msgld.diffusion.guidance`
* 2.4, arrangement: ``overwrite``
* 3, data, training and sampling: ``training`` (``recipes`` first), and the noise schedule (3.3) in ``schedule``;
  DDIM is in :mod:`msgld.diffusion.sample`, the evaluation protocols in :mod:`msgld.evaluation.protocols`

``convert`` reads the authors' checkpoints.
"""
