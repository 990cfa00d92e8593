using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Editing;

namespace PgListener.Analyzers;

/// <summary>Replaces full names in the code of a fix with short ones, and imports their namespaces.</summary>
internal static class Imports
{
    /// <summary>Marks code with full names.</summary>
    public static readonly SyntaxAnnotation Annotation = new("PgListener.Imports");

    public static Task<Document> AddAsync(Document document, CancellationToken cancellationToken)
        => ImportAdder.AddImportsAsync(document, Annotation, cancellationToken: cancellationToken);
}
