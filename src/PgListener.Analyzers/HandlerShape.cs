using Microsoft.CodeAnalysis;

namespace PgListener.Analyzers;

/// <summary>Decides whether a class is a handler, and whether AddHandlers adds it. Shared by the generator and the rules.</summary>
internal static class HandlerShape
{
    public const string HandlerInterface = "PgListener.INotificationHandler`1";
    public const string ExcludingAttribute = "PgListener.ExcludeFromAddHandlersAttribute";

    /// <summary>The channels that a class handles itself, without those for which it decorates another handler.</summary>
    /// <param name="type">Any type.</param>
    /// <param name="handler"><c>INotificationHandler&lt;TChannel&gt;</c>.</param>
    /// <returns>The channels; none if the class cannot be registered because it is abstract or generic.</returns>
    public static IEnumerable<INamedTypeSymbol> ChannelsOf(INamedTypeSymbol type, INamedTypeSymbol handler)
    {
        if (type.TypeKind != TypeKind.Class || type.IsAbstract || IsGeneric(type))
            yield break;

        foreach (var implemented in type.AllInterfaces)
        {
            if (SymbolEqualityComparer.Default.Equals(implemented.OriginalDefinition, handler)
                && implemented.TypeArguments[0] is INamedTypeSymbol { TypeKind: not TypeKind.Error } channel
                && !Decorates(type, implemented))
            {
                yield return channel;
            }
        }
    }

    /// <summary>Whether AddHandlers can add the handler for the channel.</summary>
    public static bool CanBeAdded(INamedTypeSymbol type, INamedTypeSymbol channel, Compilation compilation)
        => CanBeNamed(type, compilation) && CanBeNamed(channel, compilation)
            && !type.GetAttributes().Any(IsExcluding)
            && !NamedWith(type).Concat(NamedWith(channel)).Any(named => named.GetAttributes().Any(IsForbidding));

    /// <summary>Whether another file of the assembly can name the type.</summary>
    public static bool CanBeNamed(INamedTypeSymbol type, Compilation compilation)
        => compilation.IsSymbolAccessibleWithin(type, compilation.Assembly) && !NamedWith(type).Any(named => named.IsFileLocal);

    /// <summary>Whether it, or a type around it, has type parameters.</summary>
    public static bool IsGeneric(INamedTypeSymbol type) => ContainingTypes(type).Any(outer => outer.Arity > 0);

    /// <summary>All types that stand in its full name: those around it, and those that it is made with.</summary>
    private static IEnumerable<INamedTypeSymbol> NamedWith(ITypeSymbol type) => type switch
    {
        IArrayTypeSymbol array => NamedWith(array.ElementType),
        INamedTypeSymbol named => ContainingTypes(named).Concat(ContainingTypes(named).SelectMany(outer => outer.TypeArguments).SelectMany(NamedWith)),
        _ => [],
    };

    private static IEnumerable<INamedTypeSymbol> ContainingTypes(INamedTypeSymbol type)
    {
        for (INamedTypeSymbol? outer = type; outer is not null; outer = outer.ContainingType)
            yield return outer;
    }

    /// <summary>Whether a constructor takes one or more handlers of the same channel, as a decorator's does.</summary>
    private static bool Decorates(INamedTypeSymbol type, INamedTypeSymbol implemented)
        => type.InstanceConstructors.SelectMany(constructor => constructor.Parameters).Select(parameter => parameter.Type)
            .Any(parameter => IsOrHolds(parameter, implemented));

    private static bool IsOrHolds(ITypeSymbol type, INamedTypeSymbol searched) => type switch
    {
        IArrayTypeSymbol array => IsOrHolds(array.ElementType, searched),
        INamedTypeSymbol named => SymbolEqualityComparer.Default.Equals(named, searched) || named.TypeArguments.Any(argument => IsOrHolds(argument, searched)),
        _ => false,
    };

    /// <summary>Whether an attribute excludes the class.</summary>
    private static bool IsExcluding(AttributeData attribute) => attribute.AttributeClass?.ToDisplayString() == ExcludingAttribute;

    /// <summary>Whether an attribute makes the use of the type a compiler error.</summary>
    private static bool IsForbidding(AttributeData attribute)
        => attribute.AttributeClass?.ToDisplayString() == "System.ObsoleteAttribute" && attribute.ConstructorArguments.LastOrDefault().Value is true;
}
