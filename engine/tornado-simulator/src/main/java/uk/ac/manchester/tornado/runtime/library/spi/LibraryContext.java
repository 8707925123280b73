package uk.ac.manchester.tornado.runtime.library.spi;

/** What a provider keeps for one device and one execution plan, such as a library's handle. */
public interface LibraryContext {}
