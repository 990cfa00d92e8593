namespace PgListener.AspNetCore.Tests.OutputCaching;

/// <summary>Stands for the table of products.</summary>
public sealed class Product;
