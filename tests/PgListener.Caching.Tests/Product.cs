namespace PgListener.Caching.Tests;

/// <summary>Stands for the table of products.</summary>
public sealed class Product;
