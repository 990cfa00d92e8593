using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Editing;

namespace PgListener.Analyzers;

/// <summary>Lets a fix write names in full, and import their namespaces afterwards.</summary>
internal static class Imports
{
    /// <summary>Marks what has names in full.</summary>
    public static readonly SyntaxAnnotation Annotation = new("PgListener.Imports");

    public static Task<Document> AddAsync(Document document, CancellationToken cancellationToken)
        => ImportAdder.AddImportsAsync(document, Annotation, cancellationToken: cancellationToken);
}
